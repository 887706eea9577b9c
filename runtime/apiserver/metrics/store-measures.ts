/** What lies in the store, and how the store is: asked when somebody asks for the measures, and not more often than is useful. */
import { prefixEnd } from '../../datastore/state-machine/model.ts';
import type { Store, StoreStatus } from '../../datastore/store.ts';
import type { Kinds } from '../handlers/kinds.ts';
import type { Measure, Sample } from './measures.ts';

/** Counting goes over every key. */
const recountMs = 60_000;

/** `apiserver_storage_objects`. @param nowMs goes only forward */
export function measureObjects(store: Store, kinds: Kinds, nowMs: () => number): Measure {
  let known: { readonly samples: Promise<readonly Sample[]>; readonly atMs: number } | null = null;
  return {
    name: 'apiserver_storage_objects',
    help: 'Objects in the store by resource, counted once a minute.',
    type: 'gauge',
    read: () => {
      if (known === null || nowMs() - known.atMs > recountMs) {
        known = { samples: countObjects(store, kinds), atMs: nowMs() };
      }
      return known.samples;
    },
  };
}

/** One after the other, of what this node has: it is nobody's request. */
async function countObjects(store: Store, kinds: Kinds): Promise<readonly Sample[]> {
  const prefixes = new Map<string, string>();
  for (const { group, resources } of kinds.groupVersions) {
    for (const { resource, storage } of resources) {
      if (storage === null || prefixes.has(storage.prefix)) continue;
      prefixes.set(storage.prefix, group === '' ? resource : `${resource}.${group}`);
    }
  }
  const samples: Sample[] = [];
  for (const [prefix, resource] of prefixes) {
    const key = Buffer.from(prefix);
    const counted = await store
      .range({ key, end: prefixEnd(key), countOnly: true }, { serializable: true })
      .catch(() => null);
    // As the real server: -1 where it cannot be known.
    samples.push({ labels: { resource }, value: counted?.count ?? -1 });
  }
  return samples;
}

const questions: Readonly<Record<string, readonly [help: string, read: (status: StoreStatus) => number]>> = {
  trivet_datastore_has_leader: [
    'Whether this node knows a leader of the datastore: 1 or 0.',
    ({ leader }) => (leader === null ? 0 : 1),
  ],
  trivet_datastore_is_leader: [
    'Whether this node leads the datastore: 1 or 0.',
    ({ leader, memberId }) => (leader === memberId ? 1 : 0),
  ],
  trivet_datastore_is_learner: [
    'Whether this node has no vote in the datastore: 1 or 0.',
    ({ learner }) => (learner ? 1 : 0),
  ],
  trivet_datastore_term: ['The term of the datastore that this node is in.', ({ raftTerm }) => raftTerm],
  trivet_datastore_log_index: ['The newest entry in the log of this node.', ({ raftIndex }) => raftIndex],
  trivet_datastore_applied_index: [
    'The newest entry that is part of the state of this node.',
    ({ appliedIndex }) => appliedIndex,
  ],
  trivet_datastore_revision: ['The newest revision of the state of this node.', ({ revision }) => revision],
  trivet_datastore_size_bytes: ['Bytes of the file of the state.', ({ sizeBytes }) => sizeBytes],
  trivet_datastore_size_in_use_bytes: [
    'Bytes of the file of the state that are in use.',
    ({ sizeInUseBytes }) => sizeInUseBytes,
  ],
  trivet_datastore_members: ['Members that hold the datastore.', ({ members }) => members.length],
  trivet_datastore_alarms: ['Alarms that are raised.', ({ alarms }) => alarms.length],
};

/** The status for which one answer serves all of them that are asked at a time. */
const sameAnswerMs = 1_000;

/** `trivet_datastore_*`; left out while the store does not answer, but for `trivet_datastore_up`. @param nowMs goes only forward */
export function measureStore(store: Pick<Store, 'status'>, nowMs: () => number): readonly Measure[] {
  let known: { readonly status: Promise<StoreStatus | null>; readonly atMs: number } | null = null;
  const status = (): Promise<StoreStatus | null> => {
    if (known === null || nowMs() - known.atMs > sameAnswerMs) {
      known = { status: store.status().catch(() => null), atMs: nowMs() };
    }
    return known.status;
  };
  const up: Measure = {
    ...{
      name: 'trivet_datastore_up',
      help: 'Whether the datastore answers this node: 1 or 0.',
      type: 'gauge',
    },
    read: async () => [{ labels: {}, value: (await status()) === null ? 0 : 1 }],
  };
  const others = Object.entries(questions).map(
    ([name, [help, read]]): Measure => ({
      ...{ name, help, type: 'gauge' },
      read: async () => {
        const answer = await status();
        return answer === null ? [] : [{ labels: {}, value: read(answer) }];
      },
    }),
  );
  return [up, ...others];
}

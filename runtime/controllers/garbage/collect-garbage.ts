/** Deletes what has no owner left, sees deletions in the foreground to their end, and sets free what is to outlive its owner. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { OwnerReference } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { ApiClient } from '../client/api-client.ts';
import { placeIn } from '../client/places.ts';
import { perform } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { pause } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import type { WorkQueue } from '../machinery/work-queue.ts';
import { absentOwners } from './absent-owners.ts';
import { type Monitors, openMonitors } from './monitors.ts';
import {
  foreground,
  isDeleted,
  isMeant,
  needsLook,
  type OwnerGraph,
  ownerGraph,
  ownersOf,
  waitsFor,
} from './owner-graph.ts';
import { type ObservedItem, type OwnerState, planCollection } from './plan-collection.ts';

const discoveryMilliseconds = 30_000;
/** An owner that was there when it was asked for may be gone before its informer hears of it. */
const unseenOwnerMilliseconds = 5_000;

interface Observed {
  /** null: nothing is to be decided. */
  readonly item: ObservedItem | null;
  readonly hasUnseenOwner: boolean;
}

export function runGarbageCollection(context: ControllerContext): void {
  const client = context.clientOf('generic-garbage-collector');
  const graph = ownerGraph();
  const { clock, random, log, signal } = context;
  // Nobody is told before the controller below has its queue.
  let queue: WorkQueue | null = null;
  const monitors = openMonitors({ client, clock, random, log, signal }, (of, { old, next }) => {
    const uids = next === null ? graph.remove(old?.metadata.uid ?? '') : graph.put({ of, object: next });
    for (const uid of uids) queue?.add(uid);
  });
  const look = looker(client, graph, monitors);
  const added = runController<Observed, ReturnType<typeof planCollection>[number]>(
    {
      name: 'garbage',
      workers: 20,
      sources: [],
      observe: async (uid) => {
        // What an object owns is only known when all there is is known.
        await monitors.synced();
        return await look(uid);
      },
      plan: ({ item }) => (item === null ? [] : planCollection(item)),
      act: async (action) => {
        if (action.kind !== 'look') await perform(client, action);
        else for (const uid of action.uids) added.add(uid);
      },
      againAfter: ({ hasUnseenOwner }) => (hasUnseenOwner ? unseenOwnerMilliseconds : null),
    },
    context,
  );
  queue = added;
  void keepDiscovering(context, monitors);
}

async function keepDiscovering({ clock, log, signal }: ControllerContext, monitors: Monitors): Promise<void> {
  while (!signal.aborted) {
    const isDone = await monitors.discover().then(
      () => true,
      (error: unknown) => {
        log.debug({ error: String(error) }, 'the resources of the API cannot be had');
        return false;
      },
    );
    await pause(clock, isDone ? discoveryMilliseconds : 1000, signal);
  }
}

const nothing: Observed = { item: null, hasUnseenOwner: false };

function looker(client: ApiClient, graph: OwnerGraph, monitors: Monitors) {
  const absent = absentOwners();
  return async (uid: string): Promise<Observed> => {
    const node = graph.node(uid);
    if (node === null || !needsLook(node, graph.node)) return nothing;
    // What it owns would be taken for gone, or be deleted instead of set free.
    if (isDeleted(node.object) && !monitors.isComplete()) {
      throw new ApiError('ServiceUnavailable', 'not all that may be owned is known yet');
    }
    const live = await client.find(placeIn(node.of, node.object.metadata));
    const references = live === null ? [] : ownersOf(live);
    const owners: OwnerState[] = [];
    let hasUnseenOwner = false;
    for (const reference of references) {
      const owner = await lookUp(reference, live as ApiObject);
      owners.push({ reference, state: owner.state });
      hasUnseenOwner ||= owner.isUnseen;
    }
    return { item: { node, live, owners, dependents: graph.dependents(uid) }, hasUnseenOwner };
  };

  async function lookUp(
    reference: OwnerReference,
    dependent: ApiObject,
  ): Promise<{ readonly state: OwnerState['state']; readonly isUnseen: boolean }> {
    const seen = graph.node(reference.uid ?? '');
    // Of what is here the end will be heard.
    if (seen !== null && isMeant(reference, seen, dependent))
      return { state: stateOf(seen.object), isUnseen: false };
    const { namespace = '' } = dependent.metadata;
    const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
    const of = monitors.resourceOf(apiVersion, kind);
    // It may be a kind that is not known yet: that is tried again later, and nothing is deleted meanwhile.
    if (of === null)
      throw new ApiError('NotFound', `no matches for kind "${kind}" in version "${apiVersion}"`);
    if (of.namespaced && namespace === '') return { state: 'impossible', isUnseen: false };
    const place = placeIn(of, { namespace: of.namespaced ? namespace : '', name });
    if (absent.has(place, uid)) return { state: 'gone', isUnseen: false };
    const owner = await client.find(place);
    if (owner !== null && owner.metadata.uid === uid) return { state: stateOf(owner), isUnseen: true };
    absent.add(place, uid);
    return { state: 'gone', isUnseen: false };
  }
}

function stateOf(owner: ApiObject): 'there' | 'waiting' {
  return waitsFor(owner, foreground) ? 'waiting' : 'there';
}

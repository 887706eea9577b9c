/** What the administration protocol can ask of a node, and the check of what it asks with. */
import * as z from 'zod';
import type { ClusterStatus, KeyValue } from '../admin/protocol.ts';
import { AdminRefusal } from '../admin/server.ts';
import { apiKeysParams } from '../cluster/api-key-rotation.ts';
import { authorityParams } from '../cluster/authority-rotation.ts';
import { certificateParams } from '../cluster/certificate-requests.ts';
import { deskParams } from '../cluster/enrolment-desk.ts';
import type { Identity } from '../cluster/identity.ts';
import { type RemoveParams, removeParams } from '../cluster/removal.ts';
import { userKeys } from '../cluster/roster.ts';
import { settingsParams } from '../cluster/settings.ts';
import { tokenParams } from '../cluster/tokens.ts';
import { voucherParams } from '../cluster/voucher-desk.ts';
import { type Change, prefixEnd, type KeyValue as StoredKeyValue } from '../datastore/state-machine/model.ts';
import type { Store } from '../datastore/store.ts';
import type { ClusterRequest } from './member-requests.ts';
import { describeNode } from './node-info.ts';
import type { Upkeep } from './upkeep.ts';

export interface AdminTarget {
  readonly identity: Identity;
  status(): Promise<ClusterStatus>;
  /** null on a node that is no member yet. */
  store(): Store | null;
  readonly upkeep: Upkeep;
  formation(): Formation;
  /** Throws `RpcError`, or `AdminRefusal` on a node that is no member. */
  removeNode(params: RemoveParams): Promise<unknown>;
  /** The same. */
  askCluster(method: ClusterRequest, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Why there is no store. */
  reason(): string;
}

/** How far a machine is on its way into a cluster (`node.formation`). */
export interface Formation {
  readonly isMember: boolean;
  /** Why not yet; empty for a member. */
  readonly reason: string;
  /** The reason is a cluster's no. */
  readonly isRefused: boolean;
}

export type Emit = (event: unknown) => void;

/** User keys are text without control characters: what begins with one is the cluster's own. */
const keySchema = z.string().refine(hasNoControlCharacter, 'must not contain control characters');
const oneKeySchema = keySchema.min(1, 'must not be empty');
const rangeSchema = z.object({ key: keySchema, prefix: z.boolean().default(false) });
const putSchema = z.object({ key: oneKeySchema, value: z.string() });
const watchSchema = rangeSchema.extend({ revision: z.int().min(1).optional() });

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Answers one request. Throws `AdminRefusal` or `StoreError`. */
export async function answerAdmin(
  target: AdminTarget,
  method: string,
  params: Readonly<Record<string, unknown>>,
  emit: Emit,
  signal: AbortSignal,
): Promise<unknown> {
  switch (method) {
    case 'ping':
      return {};
    case 'status':
      return target.status();
    case 'node.info':
      return describeNode(target.identity);
    case 'node.formation':
      return target.formation();
    case 'node.remove':
      return target.removeNode(check(removeParams, params));
    case 'nodes.enrolment':
      return target.askCluster('cluster.enrolment', check(deskParams, params));
    case 'ca':
      return target.askCluster('cluster.authority', check(authorityParams, params));
    case 'api-keys':
      return target.askCluster('cluster.apiKeyRotation', check(apiKeysParams, params));
    case 'certificate':
      return target.askCluster('cluster.certificate', check(certificateParams, params));
    case 'token':
      return target.askCluster('cluster.tokens', check(tokenParams, params));
    case 'settings':
      return target.askCluster('cluster.settings', check(settingsParams, params));
    case 'vouchers':
      return target.askCluster('cluster.vouchers', check(voucherParams, params));
    case 'kv.get':
      return get(requireStore(target), check(rangeSchema, params));
    case 'kv.put':
      return put(requireStore(target), check(putSchema, params));
    case 'kv.del':
      return remove(requireStore(target), check(rangeSchema, params));
    case 'kv.watch':
      return watch(requireStore(target), check(watchSchema, params), emit, signal);
    default: {
      const answer = target.upkeep.serve(method, params);
      if (answer !== null) return answer;
      throw new AdminRefusal('unknownMethod', `This version knows no request "${method}".`);
    }
  }
}

function hasNoControlCharacter(text: string): boolean {
  return [...text].every((character) => character >= ' ' && character !== '\x7f');
}

function requireStore(target: AdminTarget): Store {
  const store = target.store();
  if (store === null) {
    throw new AdminRefusal(
      'notMember',
      `This node is not a member of a cluster yet, so it has no datastore. ${target.reason()}`,
    );
  }
  return store;
}

function check<Schema extends z.ZodType>(schema: Schema, params: unknown): z.infer<Schema> {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AdminRefusal('invalid', problems.join('; '));
}

async function get(store: Store, { key, prefix }: z.infer<typeof rangeSchema>): Promise<unknown> {
  const read = await store.range(toRange(key, prefix));
  return { revision: read.revision, items: read.items.map(toKeyValue) };
}

async function put(store: Store, { key, value }: z.infer<typeof putSchema>): Promise<unknown> {
  const operation = { operation: 'put' as const, key: encoder.encode(key), value: encoder.encode(value) };
  const { revision } = await store.transact({ success: [operation] });
  return { revision };
}

async function remove(store: Store, { key, prefix }: z.infer<typeof rangeSchema>): Promise<unknown> {
  const { revision, results } = await store.transact({
    success: [{ operation: 'delete', ...toRange(key, prefix) }],
  });
  const [result] = results;
  return { revision, deleted: result?.operation === 'delete' ? result.deleted : 0 };
}

async function watch(
  store: Store,
  { key, prefix, revision }: z.infer<typeof watchSchema>,
  emit: Emit,
  signal: AbortSignal,
): Promise<unknown> {
  const range = toRange(key, prefix);
  await store.watch(
    { ...range, startRevision: revision ?? 0 },
    {
      onStarted: () => {},
      onBatch: ({ changes }) => {
        for (const change of changes) emit(toEvent(change));
      },
    },
    signal,
  );
  return {};
}

function toRange(key: string, prefix: boolean): { key: Uint8Array; end?: Uint8Array } {
  if (!prefix) return { key: encoder.encode(check(oneKeySchema, key)) };
  const bytes = encoder.encode(key);
  return key === '' ? userKeys : { key: bytes, end: prefixEnd(bytes) };
}

function toKeyValue(item: StoredKeyValue): KeyValue {
  const { createRevision, modifyRevision, version: itemVersion } = item;
  return {
    key: decoder.decode(item.key),
    value: decoder.decode(item.value),
    createRevision,
    modifyRevision,
    version: itemVersion,
  };
}

function toEvent(change: Change): unknown {
  return {
    type: change.type,
    key: decoder.decode(change.key),
    value: decoder.decode(change.value),
    revision: change.modifyRevision,
  };
}

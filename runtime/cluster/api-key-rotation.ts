/**
 * Other keys for the Kubernetes API, while everything runs: first every member learns them, and only then they encrypt and sign.
 * Earlier keys for secrets stay, since older revisions and backups are encrypted with them; the API server brings what is stored
 * under the new one. Earlier keys that sign tokens stay, too, but after a removal: who is gone knew them, and what they signed is
 * good no more. So does the identity that servers of other API groups believe.
 */
import * as z from 'zod';
import type { ApiKeysAnswer } from '../admin/protocol.ts';
import { RpcError } from '../peers/rpc.ts';
import {
  type ApiKeys,
  apiKeysKey,
  keysDigest,
  makeSecretKey,
  makeSigningKey,
  openApiKeys,
  proxyName,
} from './api-keys.ts';
import { sealText } from './authority.ts';
import type { MemberContext } from './member-context.ts';
import type { ReportBook } from './reports.ts';
import { apiKeysDueKey, apiKeysPendingKey, readRoster } from './roster.ts';

export const apiKeysParams = z.object({ action: z.enum(['status', 'rotate']) });
export type ApiKeysParams = z.infer<typeof apiKeysParams>;

const text = new TextEncoder();
/** The newest. What is stored lies under an older one only where no API has run for as many rotations. */
const mostKept = 64;

/** Why there are to be other keys: somebody asked for them, or a node that knew these was removed. */
type Cause = 'asked' | 'removal';

/** On the leader: new keys begin to be told to all. Throws `RpcError` or `StoreError`. */
export async function rotateApiKeys(context: MemberContext, cause: Cause): Promise<void> {
  const { replica, log } = context;
  const keys = requireKeys(context);
  if (replica.machine.view.get(apiKeysPendingKey) !== null)
    throw new RpcError(
      'busy',
      'A new key is on its way already: trivet api-keys status shows whom it waits for.',
    );
  const next = makeSecretKey(keys.secrets);
  const secrets = [...keys.secrets.slice(0, mostKept - 1), next];
  const serviceAccounts = [...keys.serviceAccounts.slice(0, mostKept - 1), await makeSigningKey()];
  const succeeded = await store(context, { ...keys, secrets, serviceAccounts }, [
    { operation: 'put', key: apiKeysPendingKey, value: text.encode(`${next.id} ${cause}`) },
    { operation: 'delete', key: apiKeysDueKey },
  ]);
  if (!succeeded) throw new RpcError('busy', 'Another rotation was first: trivet api-keys status shows it.');
  log.warn({ key: next.id }, 'a new key for the secrets of the Kubernetes API is told to all nodes');
}

/** On the leader, in every round: what is due begins, and what all know takes over. Rejects as `rotateApiKeys`. */
export async function advanceApiKeys(context: MemberContext, book: ReportBook): Promise<void> {
  const { view } = context.replica.machine;
  const pending = view.get(apiKeysPendingKey);
  if (context.sealing.key === null || view.get(apiKeysKey) === null) return;
  if (pending === null) {
    if (view.get(apiKeysDueKey) !== null) await rotateApiKeys(context, 'removal');
    return;
  }
  const keys = requireKeys(context);
  if (waitingFor(context, book, keys).length > 0) return;
  const [id = '', cause] = Buffer.from(pending.value).toString().split(' ');
  const isNext = (key: ApiKeys['secrets'][number]): boolean => key.id === id;
  const secrets = [...keys.secrets.filter(isNext), ...keys.secrets.filter((key) => !isNext(key))];
  const next = await inForce(context, { ...keys, secrets }, cause === 'removal');
  const succeeded = await store(context, next, [{ operation: 'delete', key: apiKeysPendingKey }]);
  if (succeeded) context.log.warn({ key: id }, 'a new key encrypts the secrets of the Kubernetes API');
}

/** The key that came last signs. @param isRemoval what a removed node knew is good no more */
async function inForce(
  { certificates, clusterId }: MemberContext,
  keys: ApiKeys,
  isRemoval: boolean,
): Promise<ApiKeys> {
  const [newest, ...earlier] = keys.serviceAccounts.toReversed() as [string, ...string[]];
  if (!isRemoval) return { ...keys, serviceAccounts: [newest, ...earlier.toReversed()] };
  const frontProxy = await certificates.run('createProxyIdentity', clusterId, proxyName);
  return { ...keys, serviceAccounts: [newest], frontProxy };
}

/** On the leader. Throws `RpcError`. */
export function describeApiKeys(context: MemberContext, book: ReportBook): ApiKeysAnswer {
  const keys = requireKeys(context);
  const isPending = context.replica.machine.view.get(apiKeysPendingKey) !== null;
  const [first] = keys.secrets as [ApiKeys['secrets'][number]];
  return {
    secrets: first.id,
    earlier: keys.secrets.length - (isPending ? 2 : 1),
    waitingFor: isPending ? waitingFor(context, book, keys) : null,
  };
}

/** The members that do not know all of them, by name. */
function waitingFor(context: MemberContext, book: ReportBook, keys: ApiKeys): string[] {
  const { replica, identity, knownApiKeys } = context;
  const digest = keysDigest(keys);
  return readRoster(replica.machine.view)
    .filter(({ id }) => (id === identity.id ? knownApiKeys() : book.get(id)?.report.apiKeys) !== digest)
    .map(({ name }) => name);
}

function requireKeys({ replica, sealing }: MemberContext): ApiKeys {
  const keys = sealing.key && openApiKeys(replica.machine.view, sealing.key);
  if (!keys) throw new RpcError('notReady', 'The keys of the Kubernetes API are not there yet: try again.');
  return keys;
}

type Operations = Parameters<MemberContext['store']['transact']>[0]['success'];

async function store(context: MemberContext, keys: ApiKeys, more: Operations): Promise<boolean> {
  const { sealing, replica } = context;
  const is = replica.machine.view.get(apiKeysKey)?.modifyRevision ?? 0;
  const value = sealText(JSON.stringify(keys), sealing.key as Buffer);
  const { succeeded } = await context.store.transact({
    compare: [{ key: apiKeysKey, target: 'modifyRevision', is }],
    success: [{ operation: 'put', key: apiKeysKey, value }, ...more],
  });
  return succeeded;
}

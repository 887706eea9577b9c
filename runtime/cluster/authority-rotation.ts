/**
 * A new CA in the place of the old one, while everything runs. The new one signs at once; members trust both, and who trusts
 * the old one alone, since it was away, follows by what the old one says of the new. When every member has a certificate of
 * the new one, the old one is forgotten.
 */
import * as z from 'zod';
import type { AuthorityAnswer } from '../admin/protocol.ts';
import { RpcError } from '../peers/rpc.ts';
import { caHashOf } from '../peers/token.ts';
import { splitBundle } from '../peers/trust.ts';
import { sealText } from './authority.ts';
import type { MemberContext } from './member-context.ts';
import type { ReportBook } from './reports.ts';
import {
  authorityCrossKey,
  authorityHistoryKey,
  authorityKey,
  authorityPreviousKey,
  authoritySealedKey,
  readAuthority,
  readAuthorityHistory,
  readRoster,
  readTrustBundle,
  rotationDueKey,
} from './roster.ts';
import { signAuthorities } from './voucher-proof.ts';
import { charterKey, putCharter, readOwnCharter } from './voucher-records.ts';

const text = new TextEncoder();
/** Changes of CAs that an operator may have missed: each removal of a node brings one. */
const mostRemembered = 128;

export const authorityParams = z.object({ action: z.enum(['status', 'rotate']) });
export type AuthorityParams = z.infer<typeof authorityParams>;

/** On the leader. Throws `RpcError` or `StoreError`. */
export async function rotateAuthority(context: MemberContext): Promise<void> {
  const { sealing, replica, store, certificates, clusterName, clusterId, log } = context;
  const view = replica.machine.view;
  const old = sealing.key && readAuthority(view, sealing.key);
  if (!sealing.key || !old) throw new RpcError('notReady', 'This node has no copy of the CA yet: try again.');
  if (old.previous !== '')
    throw new RpcError('busy', 'A new CA is already taking over: trivet ca status shows whom it waits for.');
  const next = await certificates.run('createCertificateAuthority', clusterName, clusterId);
  const cross = await certificates.run('issueCrossCertificate', old, next);
  const history = [...splitBundle(readAuthorityHistory(view)), cross].slice(-mostRemembered).join('');
  const own = readOwnCharter(view, sealing.key);
  const cluster = { name: clusterName, id: clusterId, bundle: next.certificate + old.certificate };
  const charter = own && { ...own, charter: signAuthorities(own.charter, own.privateKey, cluster) };
  const revisionOf = (key: Uint8Array): number => view.get(key)?.modifyRevision ?? 0;
  const { succeeded } = await store.transact({
    compare: [authorityKey, charterKey].map((key) => {
      return { target: 'modifyRevision', key, is: revisionOf(key) };
    }),
    success: [
      ...(charter === null ? [] : putCharter(charter, sealing.key)),
      { operation: 'put', key: authorityKey, value: text.encode(next.certificate) },
      { operation: 'put', key: authoritySealedKey, value: sealText(next.privateKey, sealing.key) },
      { operation: 'put', key: authorityCrossKey, value: text.encode(cross) },
      { operation: 'put', key: authorityPreviousKey, value: text.encode(old.certificate) },
      { operation: 'delete', key: rotationDueKey },
      { operation: 'put', key: authorityHistoryKey, value: text.encode(history) },
    ],
  });
  if (!succeeded) throw new RpcError('busy', 'Another rotation was first: trivet ca status shows it.');
  log.warn({ ca: caHashOf(next.certificate) }, 'a new CA takes over');
}

/** On the leader, in every round: replaces the CA whose key a removed node may have. Rejects as `rotateAuthority`. */
export async function rotateIfDue(context: MemberContext): Promise<void> {
  const { view } = context.replica.machine;
  const isBusy = view.get(authorityPreviousKey) !== null || context.sealing.key === null;
  if (view.get(rotationDueKey) !== null && !isBusy) await rotateAuthority(context);
}

/** On the leader, in every round: forgets the old CA when nobody needs it any more. Rejects with `StoreError`. */
export async function finishRotation(context: MemberContext, book: ReportBook, own: string): Promise<void> {
  const bundle = readTrustBundle(context.replica.machine.view);
  if (bundle === null || waitingFor(context, book, own)?.length !== 0) return;
  await context.store.transact({
    success: [
      { operation: 'delete', key: authorityCrossKey },
      { operation: 'delete', key: authorityPreviousKey },
    ],
  });
  context.log.warn('the old CA is forgotten: every member has a certificate of the new one');
}

/** The members without a certificate of the present CA, by name; null while no other is being replaced. */
function waitingFor({ replica, identity }: MemberContext, book: ReportBook, own: string): string[] | null {
  const view = replica.machine.view;
  if (view.get(authorityPreviousKey) === null) return null;
  const present = caHashOf(readTrustBundle(view) ?? '');
  return readRoster(view)
    .filter(({ id }) => (id === identity.id ? own : book.get(id)?.report.authority) !== present)
    .map(({ name }) => name);
}

/** On the leader. `own` is the hash of the CA that has signed this node's certificate. Throws `RpcError`. */
export function describeAuthority(context: MemberContext, book: ReportBook, own: string): AuthorityAnswer {
  const bundle = readTrustBundle(context.replica.machine.view);
  if (bundle === null) throw new RpcError('notReady', 'The cluster has no CA yet: it is being founded.');
  return { authority: caHashOf(bundle), waitingFor: waitingFor(context, book, own) };
}

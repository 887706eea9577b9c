/** What an operator gets from the cluster: a certificate of its CA, and what to know the cluster by from then on. */
import * as z from 'zod';
import type { OperatorCertificate, OperatorHello } from '../admin/protocol.ts';
import { RpcError } from '../peers/rpc.ts';
import type { NodeId } from '../raft/types.ts';
import { bundleOf } from './authority.ts';
import type { MemberContext } from './member-context.ts';
import { readAuthority, readAuthorityHistory, readTrustBundle } from './roster.ts';

export const operatorParams = z.object({ publicKey: z.string().max(256) });

const historyAnswer = z.object({ history: z.string().max(262_144) });
const answerMilliseconds = 10_000;

/**
 * On a node with the sealing key. The key was proved to the node that was asked; only one that this node's configuration
 * names too gets a certificate, so that no single node can make operators. Throws `RpcError`.
 */
export async function certifyOperator(
  { sealing, replica, operators, clusterName, clusterId, certificates, clock, log }: MemberContext,
  publicKey: string,
): Promise<OperatorCertificate> {
  const operator = operators.find(({ key }) => key === publicKey);
  if (operator === undefined)
    throw new RpcError(
      'unknownOperator',
      'The node that signs certificates knows no operator with this key: name it in the configuration of every node (operators).',
    );
  const authority = sealing.key && readAuthority(replica.machine.view, sealing.key);
  if (!authority) throw new RpcError('notReady', 'This node has no copy of the CA yet: try again.');
  const subject = { clusterId, name: operator.name, publicKey };
  const certificate = await certificates.run('issueOperatorCertificate', authority, subject, clock.now());
  log.warn({ operator: operator.name }, 'an operator was given a certificate');
  return { clusterName, operator: operator.name, certificate, caCertificate: bundleOf(authority) };
}

/** On any member: by itself where it votes, else by the leader. Rejects with `RpcError`. */
export async function requestOperatorCertificate(
  context: MemberContext,
  leader: NodeId | null,
  publicKey: string,
): Promise<unknown> {
  const { sealing, identity, rpc } = context;
  if (sealing.key !== null || leader === identity.id) return certifyOperator(context, publicKey);
  if (leader === null)
    throw new RpcError('unavailable', 'This node does not vote, and knows no leader to ask.');
  return rpc.request(leader, 'cluster.operatorCertificate', { publicKey }, answerMilliseconds);
}

/** What each CA of the cluster has said of the next; a node without data asks the leader. Rejects with `RpcError`. */
export async function authorityHistory(
  { replica, rpc, identity }: MemberContext,
  leader: NodeId | null,
): Promise<OperatorHello['history']> {
  const { view } = replica.machine;
  if (readTrustBundle(view) !== null || leader === null || leader === identity.id)
    return readAuthorityHistory(view);
  return historyAnswer.parse(await rpc.request(leader, 'cluster.authorityHistory', {}, answerMilliseconds))
    .history;
}

/**
 * Removing a node for good. It keeps its seat until another has it, so that the cluster loses nothing; then it is
 * struck off the roster and every member refuses its key. With force it is refused at once.
 */
import * as z from 'zod';
import { RpcError } from '../peers/rpc.ts';
import type { NodeId, RaftStatus } from '../raft/types.ts';
import { encodeEnrolment, enrolmentKey, readEnrolment } from './enrolment-records.ts';
import { findNode } from './find-node.ts';
import type { MemberContext } from './member-context.ts';
import {
  apiKeysDueKey,
  encodeRemoved,
  nodeKey,
  type RemovedMember,
  readRemoving,
  readRoster,
  removedKey,
  removingKey,
  rotationDueKey,
} from './roster.ts';

export const removeParams = z.object({
  /** A node's name or id, or the beginning of an id. */
  node: z.string().min(1).max(63),
  force: z.boolean().default(false),
});
export type RemoveParams = z.infer<typeof removeParams>;

/** Why a node cannot be refused at once; null when it can. */
export function objectToForce(
  status: Pick<RaftStatus, 'configuration'>,
  id: NodeId,
  online: (id: NodeId) => boolean,
): string | null {
  const { voters, outgoing } = status.configuration;
  for (const set of [voters, outgoing]) {
    const left = set.filter((voter) => voter !== id && online(voter)).length;
    const needed = Math.floor(set.length / 2) + 1;
    if (set.includes(id) && left < needed)
      return `Without it ${left} of ${set.length} voters would be left at once, and ${needed} are needed: leave out --force, so that its seat is handed over first.`;
  }
  return null;
}

/** On the leader: notes that the node is to go, or with force that it has gone. Throws `RpcError` or `StoreError`. */
export async function beginRemoval(
  context: MemberContext,
  { node, force }: RemoveParams,
  online: (id: NodeId) => boolean,
): Promise<RemovedMember> {
  const { replica, identity, store } = context;
  const members = readRoster(replica.machine.view);
  const { id, name } = findNode(members, node, { none: 'There is no node', known: 'The nodes are' });
  if (members.length === 1)
    throw new RpcError('lastNode', `${name} is the only node. To give the cluster up: trivet reset on it.`);
  if (!force) {
    await store.transact({
      success: [{ operation: 'put', key: removingKey(id), value: encodeRemoved({ id, name }) }],
    });
    context.log.warn({ node: name, id }, 'a node is to be removed: its seat is handed over first');
    return { id, name };
  }
  if (id === identity.id)
    throw new RpcError('leads', `${name} leads the cluster, so it works: leave out --force.`);
  const objection = objectToForce(replica.status(), id, online);
  if (objection !== null) throw new RpcError('quorum', `${name} cannot be removed at once. ${objection}`);
  await strikeOff(context, { id, name });
  return { id, name };
}

/** On the leader, in every round: those that have lost their seats are struck off. */
export async function finishRemovals(context: MemberContext): Promise<void> {
  const { replica } = context;
  for (const removing of readRemoving(replica.machine.view)) {
    const { changing, configuration } = replica.status();
    const { voters, outgoing, learners } = configuration;
    if (changing || [...voters, ...outgoing, ...learners].includes(removing.id)) continue;
    await strikeOff(context, removing);
  }
}

/**
 * Whoever has the machine's disk knows the enrolment secret, so that admits nobody from now on; and where the node voted,
 * the CA's key and the tokens, so another CA takes over.
 */
async function strikeOff({ store, log, replica }: MemberContext, removed: RemovedMember): Promise<void> {
  const { id, name } = removed;
  const { record } = readEnrolment(replica.machine.view);
  await store.transact({
    success: [
      { operation: 'put', key: removedKey(id), value: encodeRemoved(removed) },
      { operation: 'delete', key: nodeKey(id) },
      { operation: 'delete', key: removingKey(id) },
      { operation: 'put', key: enrolmentKey, value: encodeEnrolment({ ...record, closed: 'removal' }) },
      { operation: 'put', key: rotationDueKey, value: encodeRemoved(removed) },
      // It knew how to read the secrets of the Kubernetes API.
      { operation: 'put', key: apiKeysDueKey, value: encodeRemoved(removed) },
    ],
  });
  log.warn({ node: name, id }, 'a node was removed: its key is refused from now on');
}

/** What a node hears that was removed and comes back. */
export function removedMessage(clusterName: string): string {
  return `This node was removed from the cluster "${clusterName}", and its key is refused. To use the machine again, give it a factory reset (trivet reset, the boot menu, or a file "factory-reset" on its boot partition).`;
}

/** What the second of two machines with one identity hears. */
export function copyMessage(clusterName: string): string {
  return `Another machine with this node's identity is in the cluster "${clusterName}": its disk was copied, and this one, which came second, is refused. To use both, give one of them a factory reset; when the other is gone for good, this one is let in by itself.`;
}

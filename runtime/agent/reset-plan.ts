/** What a factory reset of this machine would cost, as a pure function of the cluster's status. */
import type { ClusterStatus, ResetAnswer } from '../admin/protocol.ts';

/** @param hasSecret its configuration has a secret or a token, by which it would come back. */
export function planReset(status: ClusterStatus, hasSecret: boolean): ResetAnswer['plan'] {
  const isMember = status.self.state === 'member';
  return {
    name: status.self.name,
    losses: [
      'everything on its data partition, and its identity: it comes back as a new machine',
      ...(isMember ? ["its copy of the cluster's data"] : []),
      ...(isMember && !hasSecret
        ? [
            'its way back into the cluster: the secret was taken out of its configuration when it became a member; write it there again (cluster.secret in trivet.yaml on the boot partition), or a token',
          ]
        : []),
    ],
    quorum: isMember ? explainQuorum(status) : 'It is in no cluster.',
  };
}

function explainQuorum({ nodes, self, leader }: ClusterStatus): string {
  const voters = nodes.filter((node) => node.role === 'voter');
  const others = voters.filter((node) => node.id !== self.id);
  if (leader === null) {
    return 'There is no quorum now: what this machine holds may be the only copy of the newest data.';
  }
  if (others.length === voters.length) return 'It keeps its quorum: this machine does not vote.';
  if (others.length === 0) return 'This machine is its only voter: the cluster and all its data are lost.';
  const remaining = others.filter((node) => node.online).length;
  const quorum = Math.floor(voters.length / 2) + 1;
  const count = `${remaining} of ${voters.length} voters remain, ${quorum} are needed`;
  return remaining >= quorum
    ? `It keeps its quorum: ${count}.`
    : `It loses its quorum: ${count}. Switch on the others first.`;
}

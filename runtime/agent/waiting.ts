/**
 * The agent of a machine that nobody has told yet which cluster it belongs to: healthy, reachable for administration,
 * and it says what to do.
 */
import { hostname } from 'node:os';
import type { ClusterStatus } from '../admin/protocol.ts';
import { AdminRefusal } from '../admin/server.ts';
import type { LoadedConfig } from '../config/load.ts';
import { describeNode } from './node-info.ts';

/** What is missing and what to do about it; the text for the console and for `status`. */
export function explainWaiting({ layers }: Pick<LoadedConfig, 'layers'>): string {
  const boot = layers.find(({ name }) => name === 'bootPartition');
  const place =
    boot === undefined
      ? 'the configuration'
      : `trivet.yaml on the boot partition of its disk (here ${boot.place}), the user data of its cloud, or a disk with the label CIDATA`;
  const silent =
    boot?.serves === 'now' ? '; the file on the boot partition is there and does not say it' : '';
  const there = boot?.problem ? ` (now: ${boot.problem})` : silent;
  return `This machine belongs to no cluster yet: ${place} must say "cluster: { name: NAME, secret: SECRET }"${there}. Put it there from another computer, and start this machine again. Or tell it here, with a token of the cluster (trivet token create): trivet join ADDRESS --token TOKEN`;
}

/** Stands in for the core; rejects with `AdminRefusal`. */
export async function answerWaiting(
  loaded: LoadedConfig,
  method: string,
  reason = explainWaiting(loaded),
): Promise<unknown> {
  const self = { id: '', name: loaded.config.node.name ?? hostname() };
  switch (method) {
    case 'ping':
      return {};
    case 'status':
      return waitingStatus(self, reason);
    case 'node.info':
      return describeNode(self);
    default:
      throw new AdminRefusal('waiting', reason);
  }
}

function waitingStatus(self: { readonly id: string; readonly name: string }, reason: string): ClusterStatus {
  return {
    ...{ clusterName: 'none', clusterId: null, highAvailability: false, survives: 0, reason, leader: null },
    ...{ revision: 0, nodes: [], warnings: [], self: { ...self, state: 'waiting' } },
  };
}

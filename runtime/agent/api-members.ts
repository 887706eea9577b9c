/** The cluster's members as the API needs them: its nodes, the addresses behind its service, and what time it is for most of them. */
import { isIP } from 'node:net';
import type { NodeStatus } from '../admin/protocol.ts';
import { correctionOf } from '../cluster/agreed-time.ts';
import type { KubernetesService } from '../controllers/bootstrap/kubernetes-service.ts';
import type { Member } from '../controllers/nodes/watch-nodes.ts';
import { parseEndpoint } from '../peers/address-book.ts';
import { nodeAddresses } from '../peers/node-addresses.ts';
import type { ObservedMember } from './node-observation.ts';

const membersMilliseconds = 5_000;
/** The first address of the services' range is the API's own. */
const clusterIp = '10.96.0.1';

/** What is followed of the cluster's status. */
export interface ClusterView {
  readonly nodes: readonly Pick<
    NodeStatus,
    'id' | 'name' | 'address' | 'hosts' | 'online' | 'failureDomain'
  >[];
  readonly time?: number | null;
}

export interface FollowedMembers {
  /** Where the API is served, for the service by which pods reach it; null while nobody is known. */
  readonly service: (port: number) => KubernetesService | null;
  readonly known: () => readonly Member[] | null;
  readonly member: (id: string) => ObservedMember | null;
  /** Asks the cluster. Rejects where it cannot be asked. @returns null for one that is no member */
  readonly nodeName: (id: string) => Promise<string | null>;
  /** What time it is for most members, in milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly close: () => void;
}

export function followMembers(view: () => Promise<ClusterView>): FollowedMembers {
  let nodes: ClusterView['nodes'] | null = null;
  /** By which this machine's clock is wrong. */
  let correctionMs = 0;
  let addresses: readonly string[] = [];
  const look = async (): Promise<void> => {
    const seen = await view().catch(() => null);
    if (seen === null) return;
    nodes = seen.nodes;
    // Without a leader what was known of the time stays.
    if (seen.time) correctionMs = correctionOf(seen.time, Date.now());
    const online = nodes.filter((node) => node.online).flatMap(addressesOf);
    if (online.length > 0) addresses = online;
  };
  const timer = setInterval(() => void look(), membersMilliseconds);
  void look();
  return {
    service: (port: number): KubernetesService | null =>
      addresses.length === 0
        ? null
        : { clusterIp, port, addresses: addresses.filter((host) => isIP(host) !== 0) },
    known: () => nodes?.map(({ id, name, online }) => ({ id, name, isOnline: online })) ?? null,
    member: (id: string): ObservedMember | null => {
      const found = nodes?.find((node) => node.id === id);
      return found === undefined ? null : { ...found, addresses: addressesOf(found) };
    },
    nodeName: async (id) => (await view()).nodes.find((node) => node.id === id)?.name ?? null,
    nowMs: () => Date.now() + correctionMs,
    close: () => clearInterval(timer),
  };
}

function addressesOf({ address, hosts = [] }: Pick<NodeStatus, 'address' | 'hosts'>): readonly string[] {
  return nodeAddresses(parseEndpoint(address, 0)?.host ?? '', hosts);
}

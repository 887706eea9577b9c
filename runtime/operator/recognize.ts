/** Whether a member that answers is of a cluster that the operator knows, or may come to know: a pure decision. */
import type { X509Certificate } from 'node:crypto';
import { authorityFingerprint, type Claims, followAuthority } from './judge-server.ts';
import type { KnownCluster } from './known-clusters.ts';

export interface Meeting {
  /** As the person named the server. */
  readonly server: string;
  /** What the person calls the cluster; null for its own name. */
  readonly cluster: string | null;
  readonly leaf: X509Certificate;
  readonly claims: Claims & { readonly clusterName: string; readonly clusterId: string };
  /** The CAs, as the server shows them (PEM). */
  readonly ca: string;
}

export type Recognition =
  | { readonly kind: 'known'; readonly cluster: Omit<KnownCluster, 'file'>; readonly isChanged: boolean }
  | { readonly kind: 'first'; readonly cluster: Omit<KnownCluster, 'file'> }
  | { readonly kind: 'refused'; readonly reason: string };

/** @param fileOf where a cluster of this name would be known. */
export function recognize(
  meeting: Meeting,
  known: readonly KnownCluster[],
  fileOf: (name: string) => string,
): Recognition {
  const { server, cluster, leaf, claims } = meeting;
  for (const each of known) {
    const ca = followAuthority(leaf, claims, each.ca);
    if (ca === null) continue;
    if (cluster !== null && cluster !== each.name) {
      const reason = `it is of the cluster that is known here as ${each.name} (${each.file}), not ${cluster}`;
      return { kind: 'refused', reason };
    }
    const isNew = !each.servers.includes(server);
    const { name, clusterName, clusterId } = each;
    const servers = isNew ? [...each.servers, server] : each.servers;
    const next = { name, clusterName, clusterId, ca, servers };
    return { kind: 'known', cluster: next, isChanged: isNew || ca !== each.ca };
  }
  return meet(meeting, known, fileOf);
}

/** Nothing that is known vouches for it. */
function meet(
  { server, cluster, claims, ca }: Meeting,
  known: readonly KnownCluster[],
  fileOf: (name: string) => string,
): Recognition {
  const name = cluster ?? claims.clusterName;
  const shown = `its CA is SHA256:${authorityFingerprint(ca)}`;
  const namesake = known.find((each) => each.name === name);
  const neighbour = known.find(({ servers }) => servers.includes(server));
  const contradicted = namesake ?? neighbour;
  if (contradicted !== undefined) {
    const pinned = authorityFingerprint(contradicted.ca);
    const what =
      namesake === undefined
        ? `at this address the cluster ${contradicted.name} was met before, whose CA is SHA256:${pinned}`
        : `the cluster ${name} is known by the CA SHA256:${pinned}`;
    const other =
      namesake === undefined
        ? ''
        : ' If it is another cluster of that name, give it a name of its own: --cluster NAME.';
    return {
      kind: 'refused',
      reason: `${shown}, but ${what}. Somebody may stand between. If the cluster was made anew, remove ${fileOf(contradicted.name)} and compare the fingerprint with a node's console (--fingerprint).${other}`,
    };
  }
  const { clusterName, clusterId } = claims;
  return { kind: 'first', cluster: { name, clusterName, clusterId, ca, servers: [server] } };
}

/**
 * Where the groups that this server answers itself stand among all, in discovery and in the APIServices that stand for them: the
 * higher, the further in front. (pkg/controlplane/apiserver/aggregator.go, pkg/controlplane/apiserver/options) Pure.
 */

export interface ApiPriority {
  readonly group: number;
  readonly version: number;
}

/** Of the groups. */
const groups: Readonly<Record<string, number>> = {
  ...{ '': 18_000, apps: 17_800, 'events.k8s.io': 17_750, 'authentication.k8s.io': 17_700 },
  ...{ 'authorization.k8s.io': 17_600, autoscaling: 17_500, batch: 17_400, 'certificates.k8s.io': 17_300 },
  ...{ 'networking.k8s.io': 17_200, policy: 17_100, 'rbac.authorization.k8s.io': 17_000 },
  ...{ 'storage.k8s.io': 16_800, 'apiextensions.k8s.io': 16_700, 'admissionregistration.k8s.io': 16_700 },
  ...{ 'scheduling.k8s.io': 16_600, 'coordination.k8s.io': 16_500, 'node.k8s.io': 16_300 },
  ...{ 'discovery.k8s.io': 16_200, 'flowcontrol.apiserver.k8s.io': 16_100 },
  ...{ 'internal.apiserver.k8s.io': 16_000, 'resource.k8s.io': 15_900, 'storagemigration.k8s.io': 15_800 },
};

/** Of versions that are not as the others. */
const versions: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
};
const usualVersion = 15;

/** Null for what has no APIService: what describes APIServices, and what people add. */
export function localPriority(group: string, version: string): ApiPriority | null {
  const ofGroup = groups[group];
  return ofGroup === undefined
    ? null
    : { group: ofGroup, version: versions[`${group}/${version}`] ?? usualVersion };
}

/** Of the groups of custom resources. (pkg/controlplane/controller/crdregistration) */
export const customPriority: ApiPriority = { group: 1_000, version: 100 };

/** What describes APIServices stands before all others. */
const firstGroup = 'apiregistration.k8s.io';

/** Where any group that this server answers stands. */
export function groupPriority(group: string): number {
  if (group === firstGroup) return Number.MAX_SAFE_INTEGER;
  return groups[group] ?? customPriority.group;
}

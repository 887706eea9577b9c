/** The discovery of this server with what others have, each group at its place. Pure. */
import type { AggregatedDiscovery } from '../discovery/aggregated.ts';
import type { ApiGroup, ApiGroupList } from '../discovery/plain.ts';
import { customPriority, groupPriority, localPriority } from './local-priorities.ts';
import type { RemoteVersion } from './remote-discovery.ts';

type Groups = ApiGroupList['groups'];
type Group = Groups[number];

/** `/apis`, as one document with all resources. */
export function mergeAggregated(
  own: AggregatedDiscovery,
  remotes: readonly RemoteVersion[],
): AggregatedDiscovery {
  if (remotes.length === 0) return own;
  const named = own.items.map((item) => ({ name: item.metadata.name ?? '', versions: item.versions, item }));
  const merged = mergeGroups(named, remotes, ({ service, resources, freshness }) => ({
    ...{ version: service.version, resources, freshness },
  }));
  const items = merged.map(({ name, versions }) => {
    const known = own.items.find(({ metadata }) => metadata.name === name);
    return { metadata: known?.metadata ?? { name, creationTimestamp: null }, versions };
  });
  return { ...own, items } as AggregatedDiscovery;
}

/** `/apis`, the groups and their versions alone. */
export function mergePlain(own: ApiGroupList, remotes: readonly RemoteVersion[]): ApiGroupList {
  if (remotes.length === 0) return own;
  const merged = mergeGroups(own.groups, remotes, ({ service: { group, version } }) => ({
    ...{ groupVersion: `${group}/${version}`, version },
  }));
  const groups = merged.map(
    ({ name, versions }): Group => ({
      name,
      versions,
      preferredVersion: versions[0] as Group['preferredVersion'],
    }),
  );
  return { ...own, groups };
}

/** `/apis/GROUP`. @param own null where this server has nothing of it */
export function mergeGroup(
  own: ApiGroup | null,
  group: string,
  remotes: readonly RemoteVersion[],
): ApiGroup | null {
  const ofGroup = remotes.filter(({ service }) => service.group === group);
  if (ofGroup.length === 0) return own;
  const list: ApiGroupList = { kind: 'APIGroupList', apiVersion: 'v1', groups: own === null ? [] : [own] };
  const [merged] = mergePlain(list, ofGroup).groups;
  return merged === undefined ? own : { kind: 'APIGroup', apiVersion: 'v1', ...merged };
}

interface Versions<Version> {
  readonly name: string;
  readonly versions: readonly Version[];
}

/** A version that this server answers itself stays its own where it is built in; what people add gives way to an APIService. */
function mergeGroups<Version extends { readonly version: string }>(
  own: readonly Versions<Version>[],
  remotes: readonly RemoteVersion[],
  describe: (remote: RemoteVersion) => object,
): readonly Versions<Version>[] {
  const names = new Set([...own.map(({ name }) => name), ...remotes.map(({ service }) => service.group)]);
  const merged = [...names].map((name) => {
    const ofGroup = remotes.filter(({ service }) => service.group === name);
    const others = ofGroup.map((remote) => ({
      version: describe(remote) as Version,
      priority: remote.service.versionPriority,
    }));
    const isRemote = (version: string): boolean => ofGroup.some(({ service }) => service.version === version);
    const mine = (own.find((one) => one.name === name)?.versions ?? [])
      .filter(({ version }) => !isRemote(version))
      .map((version) => ({
        version,
        priority: (localPriority(name, version.version) ?? customPriority).version,
      }));
    const isOwn = own.some((one) => one.name === name);
    const highest = Math.max(
      ...ofGroup.map(({ service }) => service.groupPriority),
      isOwn ? groupPriority(name) : 0,
    );
    const versions = [...mine, ...others]
      .sort((a, b) => b.priority - a.priority)
      .map(({ version }) => version);
    return { name, versions, highest };
  });
  // Sorting keeps the order of equals, which is that of this server.
  return merged.sort((a, b) => b.highest - a.highest);
}

/** How much of a quota an object takes: what it counts as, and what it asks for. (pkg/quota/v1/evaluator/core) Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { formatGroupResource, type GroupResource } from '../../apiserver/status.ts';
import type { Quantities } from '../meta/quantities.ts';
import { maxQuantities, wholeQuantity } from './amounts.ts';
import { podIsInScope, podUsage } from './pod-usage.ts';

/** @param nowMs since 1970 */
export function usageOf(of: GroupResource, object: ApiObject, nowMs: number): Quantities {
  if (of.group !== '') return countOf(of);
  switch (of.resource) {
    case 'pods':
      return podUsage(object as unknown as Pod, nowMs);
    case 'services':
      return { ...countOf(of), ...serviceUsage(object as unknown as Service) };
    case 'persistentvolumeclaims':
      return { ...countOf(of), ...claimUsage(object as unknown as PersistentVolumeClaim) };
    default:
      return countOf(of);
  }
}

/** Those that a quota can name as they are, from before all could be counted. */
const oldNames = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);

function countOf(of: GroupResource): Quantities {
  const counted = { [`count/${formatGroupResource(of)}`]: '1' };
  return of.group === '' && oldNames.has(of.resource) ? { ...counted, [of.resource]: '1' } : counted;
}

function serviceUsage({ spec }: Service): Quantities {
  const ports = spec?.ports ?? [];
  const isBalanced = spec?.type === 'LoadBalancer';
  const chosen = ports.filter(({ nodePort }) => (nodePort ?? 0) !== 0).length;
  const nodePorts =
    spec?.type === 'NodePort'
      ? ports.length
      : !isBalanced
        ? 0
        : spec?.allocateLoadBalancerNodePorts === false
          ? chosen
          : ports.length;
  return {
    services: '1',
    'services.nodeports': String(nodePorts),
    'services.loadbalancers': isBalanced ? '1' : '0',
  };
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

function claimUsage({ metadata, spec, status }: PersistentVolumeClaim): Quantities {
  const ofClass = metadata?.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';
  const count = { persistentvolumeclaims: '1' };
  const { storage: asked } = spec?.resources?.requests ?? {};
  const { storage: given = '0' } = status?.allocatedResources ?? {};
  // What it once asked for and has got counts until it is given back.
  const larger =
    asked === undefined ? undefined : maxQuantities({ storage: asked }, { storage: given }).storage;
  const storage: Quantities = larger === undefined ? {} : { 'requests.storage': wholeQuantity(larger) };
  const all = { ...count, ...storage };
  if (ofClass === '') return all;
  const named = Object.entries(all).map(([name, quantity]) => [
    ...[`${ofClass}.storageclass.storage.k8s.io/${name}`, quantity],
  ]);
  return { ...all, ...(Object.fromEntries(named) as Quantities) };
}

/** Which resources have to be read for a quota, by the names of what it limits. */
export function resourcesOfQuota(names: readonly string[]): readonly GroupResource[] {
  const found = new Map<string, GroupResource>();
  for (const name of names) {
    const of = resourceOf(name);
    if (of !== null) found.set(formatGroupResource(of), of);
  }
  return [...found.values()];
}

const ofPods =
  /^(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)$|^(?:requests\.)?hugepages-|^requests\.[^/]+\//;

function resourceOf(name: string): GroupResource | null {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return resource === '' ? null : { group: group.join('.'), resource };
  }
  const isOfClaims = name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/');
  if (isOfClaims || name === 'persistentvolumeclaims')
    return { group: '', resource: 'persistentvolumeclaims' };
  if (name === 'pods' || ofPods.test(name)) return { group: '', resource: 'pods' };
  if (name === 'services' || name.startsWith('services.')) return { group: '', resource: 'services' };
  return oldNames.has(name) ? { group: '', resource: name } : null;
}

/** Whether an object counts for a quota: one with scopes counts pods alone. */
export function countsFor({ spec }: ResourceQuota, of: GroupResource, object: ApiObject): boolean {
  const scopes: readonly ScopedResourceSelectorRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (scopes.length === 0) return true;
  if (of.group !== '' || of.resource !== 'pods') return false;
  return scopes.every((scope) => podIsInScope(object as unknown as Pod, scope));
}

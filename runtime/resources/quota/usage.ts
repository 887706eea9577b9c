/**
 * How much an object uses up of the quotas of its namespace, by the names of what is counted.
 * (pkg/quota/v1/evaluator/core, k8s.io/apiserver/pkg/quota/v1/generic) Pure.
 */
import type {
  PersistentVolumeClaim,
  Pod,
  Service,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isWholeQuantity, type Quantities, wholeOf } from '../meta/quantities.ts';
import { podUsage } from './pod-usage.ts';

export interface CountedResource {
  readonly group: string;
  readonly resource: string;
}

/** Those that have a name of their own beside `count/…`. */
const named: ReadonlySet<string> = new Set([
  ...['pods', 'services', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas'],
  ...['secrets', 'configmaps'],
]);

/** `count/deployments.apps`, `count/pods`. */
export function countName({ group, resource }: CountedResource): string {
  return `count/${resource}${group === '' ? '' : `.${group}`}`;
}

/** @param nowMs a pod whose time to end is over uses nothing but its place */
export function usageOf(of: CountedResource, object: unknown, nowMs: number): Quantities {
  const count = { [countName(of)]: '1' };
  if (of.group !== '' || !named.has(of.resource)) return count;
  switch (of.resource) {
    case 'pods':
      return { ...count, ...podUsage(object as Pod, nowMs) };
    case 'services':
      return { ...count, ...serviceUsage(object as Service) };
    case 'persistentvolumeclaims':
      return { ...count, ...claimUsage(object as PersistentVolumeClaim) };
    default:
      return { ...count, [of.resource]: '1' };
  }
}

function serviceUsage({ spec }: Service): Quantities {
  const isBalanced = spec?.type === 'LoadBalancer';
  const takesPorts =
    spec?.type === 'NodePort' || (isBalanced && spec.allocateLoadBalancerNodePorts !== false);
  const ports = spec?.ports ?? [];
  // A balancer that needs no ports may have some all the same.
  const own =
    isBalanced && !takesPorts ? ports.filter(({ nodePort = 0 }) => nodePort !== 0).length : ports.length;
  return {
    services: '1',
    'services.loadbalancers': isBalanced ? '1' : '0',
    'services.nodeports': takesPorts || isBalanced ? String(own) : '0',
  };
}

const betaClass = 'volume.beta.kubernetes.io/storage-class';

function claimUsage({ metadata, spec, status }: PersistentVolumeClaim): Quantities {
  const className = metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? '';
  const [asked, given] = [spec?.resources?.requests?.storage, status?.allocatedResources?.storage];
  const larger =
    given !== undefined && asked !== undefined && wholeOf(given) > wholeOf(asked) ? given : asked;
  const storage = larger === undefined || isWholeQuantity(larger) ? larger : String(wholeOf(larger));
  const all = {
    persistentvolumeclaims: '1',
    ...(storage === undefined ? {} : { 'requests.storage': storage }),
  };
  if (className === '') return all;
  const ofClass = Object.entries(all).map(([name, amount]) => [
    `${className}.storageclass.storage.k8s.io/${name}`,
    amount,
  ]);
  return { ...all, ...Object.fromEntries(ofClass) };
}

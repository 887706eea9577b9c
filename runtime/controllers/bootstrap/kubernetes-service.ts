/**
 * The service by which pods reach the API, `default/kubernetes`, and the members of the cluster behind it.
 * (pkg/controlplane/controller/kubernetesservice, pkg/controlplane/reconcilers) Pure.
 */
import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { checkOrdinaryAddress } from '../../resources/meta/addresses.ts';
import { resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

export interface KubernetesService {
  /** The first address of the services' range. */
  readonly clusterIp: string;
  /** Of the API, on every member. */
  readonly port: number;
  /** Of the members that serve it. */
  readonly addresses: readonly string[];
}

export interface ObservedService {
  readonly wanted: KubernetesService;
  /** null where there is none */
  readonly service: ApiObject | null;
  readonly endpoints: ApiObject | null;
  readonly slice: ApiObject | null;
}

export const kubernetesServicePlace = { namespace: 'default', name: 'kubernetes' } as const;

/** A service that is there stays as it is: people may have changed it, and pods know its address. */
export function planKubernetesService({
  wanted,
  service,
  endpoints,
  slice,
}: ObservedService): readonly Write[] {
  const addresses = addressesOf(wanted);
  const made: Write[] = service === null ? [createOf(resources.services, serviceObject(wanted))] : [];
  // Without anybody behind it, what is known is better than nothing.
  if (addresses.length === 0) return made;
  return [
    ...made,
    ...replaced(resources.endpoints, endpoints, endpointsObject(wanted.port, addresses)),
    ...replaced(resources.endpointSlices, slice, sliceObject(wanted.port, addresses)),
  ];
}

/**
 * Of the family of the service, each once, in an order that does not change by itself. Nodes that find each other on a link
 * without a router may have addresses that endpoints cannot have: pods would not get there.
 */
function addressesOf({ clusterIp, addresses }: KubernetesService): readonly string[] {
  const fit = (address: string): boolean =>
    isIPv6(address) === isIPv6(clusterIp) && checkOrdinaryAddress(address, 'ip').length === 0;
  return [...new Set(addresses)].filter(fit).sort();
}

function replaced(
  of: (typeof resources)[keyof typeof resources],
  existing: ApiObject | null,
  wanted: ApiObject,
): Write[] {
  if (existing === null) return [createOf(of, wanted)];
  const { metadata, ...content } = wanted;
  const labels = { ...existing.metadata.labels, ...metadata.labels };
  const next = { ...existing, ...content, metadata: { ...existing.metadata, labels } };
  return isDeepStrictEqual(next, existing) ? [] : [{ kind: 'update', of, object: next }];
}

function createOf(of: (typeof resources)[keyof typeof resources], object: ApiObject): Write {
  return { kind: 'create', of, object };
}

function serviceObject({ clusterIp, port }: KubernetesService): ApiObject {
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  return {
    ...{ kind: 'Service', apiVersion: 'v1', metadata: { ...kubernetesServicePlace, labels } },
    spec: {
      ...{ type: 'ClusterIP', clusterIP: clusterIp, sessionAffinity: 'None' },
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      ...{ ipFamilies: [isIPv6(clusterIp) ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' },
    },
  };
}

function endpointsObject(port: number, addresses: readonly string[]): ApiObject {
  // Its slice is written here, too, and need not be made out of it.
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  const subset = {
    addresses: addresses.map((ip) => ({ ip })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { ...kubernetesServicePlace, labels },
    subsets: [subset],
  };
}

function sliceObject(port: number, addresses: readonly string[]): ApiObject {
  const labels = { 'kubernetes.io/service-name': kubernetesServicePlace.name };
  return {
    ...{ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
    metadata: { ...kubernetesServicePlace, labels },
    addressType: isIPv6(addresses[0] as string) ? 'IPv6' : 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}

/** Where objects are: resources by name, and the paths of requests to them. Pure. */
import type { ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';

export interface ResourceName {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface ObjectPlace extends ResourceName {
  /** '' for what is in none. */
  readonly namespace: string;
  readonly name: string;
  /** Default: the object itself. */
  readonly subresource?: string;
}

/** Percent-encoded, so that no name leads elsewhere. */
export function pathOf(
  { group, version, resource }: ResourceName,
  {
    namespace,
    name = '',
    subresource = '',
  }: { readonly namespace: string; readonly name?: string; readonly subresource?: string },
): string {
  const parts = [
    ...(group === '' ? ['api', version] : ['apis', group, version]),
    ...(namespace === '' ? [] : ['namespaces', namespace]),
    resource,
    ...(name === '' ? [] : [name]),
    ...(subresource === '' ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

export function placeIn(of: ResourceName, { namespace = '', name = '' }: ObjectMetadata): ObjectPlace {
  const { group, version, resource } = of;
  return { group, version, resource, namespace, name };
}

/** By which an object is known on a work queue: `NAMESPACE/NAME`, or `NAME`. */
export function keyOf({
  metadata: { namespace = '', name = '' },
}: {
  readonly metadata: ObjectMetadata;
}): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  return at < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

function named(group: string, version: string, resource: string): ResourceName {
  return { group, version, resource };
}

/** Those that controllers are made for. */
export const resources = {
  admissionPolicies: named('admissionregistration.k8s.io', 'v1', 'validatingadmissionpolicies'),
  apiServices: named('apiregistration.k8s.io', 'v1', 'apiservices'),
  customResourceDefinitions: named('apiextensions.k8s.io', 'v1', 'customresourcedefinitions'),
  configMaps: named('', 'v1', 'configmaps'),
  namespaces: named('', 'v1', 'namespaces'),
  jobs: named('batch', 'v1', 'jobs'),
  nodes: named('', 'v1', 'nodes'),
  persistentVolumeClaims: named('', 'v1', 'persistentvolumeclaims'),
  persistentVolumes: named('', 'v1', 'persistentvolumes'),
  pods: named('', 'v1', 'pods'),
  resourceQuotas: named('', 'v1', 'resourcequotas'),
  secrets: named('', 'v1', 'secrets'),
  serviceAccounts: named('', 'v1', 'serviceaccounts'),
  services: named('', 'v1', 'services'),
  endpoints: named('', 'v1', 'endpoints'),
  endpointSlices: named('discovery.k8s.io', 'v1', 'endpointslices'),
  certificateRequests: named('certificates.k8s.io', 'v1', 'certificatesigningrequests'),
  leases: named('coordination.k8s.io', 'v1', 'leases'),
  priorityClasses: named('scheduling.k8s.io', 'v1', 'priorityclasses'),
  flowSchemas: named('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas'),
  priorityLevels: named('flowcontrol.apiserver.k8s.io', 'v1', 'prioritylevelconfigurations'),
  clusterRoles: named('rbac.authorization.k8s.io', 'v1', 'clusterroles'),
  clusterRoleBindings: named('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings'),
  roles: named('rbac.authorization.k8s.io', 'v1', 'roles'),
  roleBindings: named('rbac.authorization.k8s.io', 'v1', 'rolebindings'),
} as const;

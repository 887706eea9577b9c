/** The namespaces that every cluster has. (pkg/controlplane/controller/systemnamespaces) Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';

/** In the order in which they are made: the lease of the controllers lies in one of them. */
export const systemNamespaces: readonly ApiObject[] = [
  'kube-system',
  'default',
  'kube-public',
  'kube-node-lease',
].map((name) => ({ kind: 'Namespace', apiVersion: 'v1', metadata: { name } }));

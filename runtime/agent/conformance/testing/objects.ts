/** Small objects of which the stories make others. */
import type { Json } from './open-cluster.ts';

export const core = '/api/v1';
export const labels = { app: 'conformance' };
export const strategic = 'application/strategic-merge-patch+json';

export const configMap = (name: string, more: Json = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});
export const pod = (name: string, container: Json = {}, spec: Json = {}, metadata: Json = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata } },
  spec: { containers: [{ name: 'c', image: 'registry.example/app:1', ...container }], ...spec },
});
export const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };

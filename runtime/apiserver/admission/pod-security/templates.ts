/** The pods that a workload will make. Pure. */
import type { ApiObject } from '../../objects/object-bytes.ts';
import { objectAt } from '../../objects/read-path.ts';
import type { CheckedPod } from './checks.ts';

/** Where in an object the template is, by `RESOURCE.GROUP`. */
const templates: Readonly<Record<string, readonly string[]>> = {
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Null where there is none. */
export function templateOf(
  resource: { group: string; resource: string },
  object: ApiObject,
): CheckedPod | null {
  const { group, resource: plural } = resource;
  const path = templates[group === '' ? plural : `${plural}.${group}`];
  if (path === undefined) return null;
  const { spec } = objectAt(object, ...path);
  return spec === undefined || spec === null
    ? null
    : podOf(objectAt(object, ...path) as unknown as ApiObject);
}

export function podOf({ metadata, spec }: ApiObject): CheckedPod {
  const annotations = (metadata?.annotations ?? {}) as Readonly<Record<string, string>>;
  const { containers = [], ...others } = (spec ?? {}) as Partial<CheckedPod['spec']>;
  return { annotations, spec: { ...others, containers } };
}

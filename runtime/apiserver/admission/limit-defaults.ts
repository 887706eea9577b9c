/** What a pod's containers ask for where they say nothing. Pure. */
import type { Container, LimitRange, Pod } from '../schemas/generated/types/api-core-v1.ts';

type Amounts = Readonly<Record<string, string>>;

const annotation = 'kubernetes.io/limit-ranger';

/** The pod says in an annotation what was set. */
export function withDefaults(pod: Pod, range: LimitRange): Pod {
  if (pod.spec === undefined) return pod;
  const ofContainers = (range.spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const limits: Amounts = Object.assign({}, ...ofContainers.map((one) => one.default ?? {}));
  const requests: Amounts = Object.assign({}, ...ofContainers.map((one) => one.defaultRequest ?? {}));
  const notes: string[] = [];
  const fill =
    (what: string) =>
    (container: Container): Container => {
      const { name = '', resources } = container;
      const filled = {
        limits: { ...limits, ...resources?.limits },
        requests: { ...requests, ...resources?.requests },
      };
      const setRequests = missing(requests, resources?.requests);
      const setLimits = missing(limits, resources?.limits);
      if (setRequests.length > 0) notes.push(`${setRequests.join(', ')} request for ${what} ${name}`);
      if (setLimits.length > 0) notes.push(`${setLimits.join(', ')} limit for ${what} ${name}`);
      return { ...container, resources: { ...resources, ...filled } };
    };
  const containers = pod.spec.containers.map(fill('container'));
  const initContainers = pod.spec.initContainers?.map(fill('init container'));
  if (notes.length === 0) return pod;
  const { annotations } = pod.metadata ?? {};
  const metadata = {
    ...pod.metadata,
    annotations: { ...annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` },
  };
  const others = initContainers === undefined ? {} : { initContainers };
  return { ...pod, metadata, spec: { ...pod.spec, ...others, containers } };
}

function missing(wanted: Amounts, there: Amounts | undefined): readonly string[] {
  return Object.keys(wanted)
    .filter((name) => there === undefined || !Object.hasOwn(there, name))
    .sort();
}

/** Whether a change of a pod can make it fit a level no more. (k8s.io/pod-security-admission/admission) Pure. */
import type { ApiObject } from '../../objects/object-bytes.ts';
import { listAt, objectAt, stringAt } from '../../objects/read-path.ts';

const prefix = 'container.seccomp.security.alpha.kubernetes.io/';
const ofPod = 'seccomp.security.alpha.kubernetes.io/pod';

export function isSignificantChange(next: ApiObject, old: ApiObject): boolean {
  const changesAnnotation = (key: string): boolean => annotation(next, key) !== annotation(old, key);
  if (changesAnnotation(ofPod)) return true;
  const changesContainer = (container: unknown, last: unknown): boolean =>
    stringAt(container, 'image') !== stringAt(last, 'image') ||
    changesAnnotation(`${prefix}${stringAt(container, 'name')}`);
  for (const list of ['containers', 'initContainers']) {
    const [after, before] = [listAt(next, 'spec', list), listAt(old, 'spec', list)];
    if (after.length !== before.length) return true;
    if (after.some((container, index) => changesContainer(container, before[index]))) return true;
  }
  const debuggers = listAt(old, 'spec', 'ephemeralContainers');
  return listAt(next, 'spec', 'ephemeralContainers').some((container) => {
    const last = debuggers.find((one) => stringAt(one, 'name') === stringAt(container, 'name'));
    return last === undefined || changesContainer(container, last);
  });
}

function annotation(object: ApiObject, key: string): unknown {
  return objectAt(object, 'metadata', 'annotations')[key];
}

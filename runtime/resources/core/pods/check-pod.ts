/** What is wrong with a pod as a whole. (pkg/apis/core/validation, validatePodMetadataAndSpec) Pure. */
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type { Pod, PodSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { inList } from '../../meta/field-checks.ts';
import { checkImageSpaces } from './check-container.ts';
import { checkOnlyOfPod, checkPodSpec } from './check-pod-spec.ts';
import { checkAnnotationsKept, checkPodAnnotations } from './profile-annotations.ts';

export function podSpecOf(object: ApiObject): PodSpec {
  return (object as unknown as Pod).spec ?? { containers: [] };
}

export function checkPod(object: ApiObject): readonly FieldError[] {
  const spec = podSpecOf(object);
  return [
    ...checkPodAnnotations(annotationsOf(object), spec, 'metadata.annotations'),
    ...checkPodSpec(spec, 'spec', { isPod: true, podName: object.metadata.name ?? '' }),
    ...checkOnlyOfPod(spec, 'spec'),
    ...inList(spec.containers, 'spec.containers', checkImageSpaces),
    ...inList(spec.initContainers, 'spec.initContainers', checkImageSpaces),
  ];
}

export function checkPodAnnotationsKept(next: ApiObject, old: ApiObject): readonly FieldError[] {
  return checkAnnotationsKept(annotationsOf(next), annotationsOf(old), 'metadata.annotations');
}

export function annotationsOf({ metadata }: ApiObject): Readonly<Record<string, string>> {
  return (metadata.annotations ?? {}) as Readonly<Record<string, string>>;
}

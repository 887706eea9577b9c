/**
 * What `pods/ephemeralcontainers` changes: containers that come into a running pod, and stay.
 * (pkg/registry/core/pod/strategy.go, ValidatePodEphemeralContainersUpdate) Pure.
 */
import type { Part } from '../../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField } from '../field-errors.ts';
import { describeChanges } from '../meta/changes.ts';
import { annotationsOf, checkPod, checkPodAnnotationsKept, podSpecOf } from './pods/check-pod.ts';
import { mirrorAnnotation } from './pods/profile-annotations.ts';

export const ephemeralContainers: Part = {
  writesOnly: ['spec.ephemeralContainers'],
  /** The pod as it is, with the ephemeral containers of the one that was sent. */
  take: (sent, old) => {
    const { ephemeralContainers: containers } = podSpecOf(sent);
    const { ephemeralContainers: _, ...spec } = podSpecOf(old);
    return {
      ...old,
      spec: { ...spec, ...(containers === undefined ? {} : { ephemeralContainers: containers }) },
    };
  },
  check: (next, old) =>
    Object.hasOwn(annotationsOf(old), mirrorAnnotation)
      ? [forbiddenField('[]', 'static pods do not support ephemeral containers')]
      : [...checkPod(next), ...checkPodAnnotationsKept(next, old), ...checkKept(next, old)],
};

/** A patch need not keep the order. */
function checkKept(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const field = 'spec.ephemeralContainers';
  const after = new Map((podSpecOf(next).ephemeralContainers ?? []).map((one) => [one.name, one]));
  return (podSpecOf(old).ephemeralContainers ?? []).flatMap((container) => {
    const other = after.get(container.name);
    const what = `existing ephemeral containers ${JSON.stringify(container.name)} may not be`;
    if (other === undefined) return [forbiddenField(field, `${what} removed\n`)];
    if (isSameJson(container as unknown as JsonValue, other as unknown as JsonValue)) return [];
    return [forbiddenField(field, `${what} changed\n${describeChanges(container, other)}`)];
  });
}

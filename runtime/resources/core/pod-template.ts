/**
 * Templates of pods, wherever they stand: in a deployment, a job, a replication controller.
 * (pkg/apis/core/validation, ValidatePodTemplateSpec; pkg/api/pod/warnings.go) Pure.
 */
import type { PodTemplateSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { checkAnnotations, checkLabels } from '../meta/label-selector.ts';
import { checkPodSpec } from './pods/check-pod-spec.ts';
import { fillInPodSpec } from './pods/pod-spec-defaults.ts';
import { warnOfPodSpec } from './pods/pod-warnings.ts';
import { checkPodAnnotations, checkProfilesMatch } from './pods/profile-annotations.ts';

/** The API's defaults; fields of features that are off are left out. */
export function fillInPodTemplate(template: JsonObject): JsonObject {
  const { spec } = template as PodTemplateSpec;
  return withChanged({ ...template, spec: spec ?? { containers: [] } } as PodTemplateSpec, {
    spec: fillInPodSpec,
  }) as JsonObject;
}

/** @param field where it stands, for example `spec.template`. */
export function checkPodTemplate(template: JsonObject, field: string): readonly FieldError[] {
  const { metadata, spec = { containers: [] } } = template as PodTemplateSpec;
  const annotations = metadata?.annotations ?? {};
  return [
    ...checkLabels(metadata?.labels ?? {}, `${field}.labels`),
    ...checkAnnotations(annotations, `${field}.annotations`),
    ...checkPodAnnotations(annotations, spec, `${field}.annotations`),
    ...checkPodSpec(spec, `${field}.spec`, { isPod: false, podName: null }),
    ...checkProfilesMatch(annotations, spec, `${field}.spec`),
    ...when(
      (spec.ephemeralContainers ?? []).length > 0,
      forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    ),
  ];
}

/** @param field where it stands, for example `spec.template`. */
export function warnOfPodTemplate(template: JsonObject, field: string): readonly string[] {
  const { metadata, spec } = template as PodTemplateSpec;
  return spec === undefined ? [] : warnOfPodSpec(spec, metadata?.annotations ?? {}, field);
}

/**
 * Templates of pods, wherever they stand: in a deployment, a job, a replication controller.
 * (k8s.io/kubernetes/pkg/apis/core) Pure.
 */

import type { PodTemplateSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { withChanged } from '../meta/fill-in.ts';
import { checkLabels } from '../meta/label-selector.ts';
import { fillInPodSpec } from './pods/pod-spec-defaults.ts';

export function fillInPodTemplate(template: JsonObject): JsonObject {
  return withChanged(template as PodTemplateSpec, { spec: fillInPodSpec }) as JsonObject;
}

/** @param field where it stands, for example `spec.template`. */
export function checkPodTemplate(template: JsonObject, field: string): readonly FieldError[] {
  const { metadata } = template as PodTemplateSpec;
  return checkLabels(metadata?.labels ?? {}, `${field}.labels`);
}

/** What the server decides of a template that is written: fields of features that are off are left out. */
export function preparePodTemplate(template: JsonObject): JsonObject {
  return template;
}

export function warnOfPodTemplate(_template: JsonObject, _field: string): readonly string[] {
  return [];
}

/** Templates of pods that run until somebody ends them. (pkg/apis/apps/validation/validation.go) Pure. */

import { dnsLabel } from '../../apiserver/objects/name-rules.ts';
import type { PodTemplateSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { LabelSelector } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, isSame } from '../checks/fields.ts';
import { goSelector } from '../checks/go-syntax.ts';
import { isEmptySelector, selects } from '../checks/selection.ts';
import { checkPodTemplate, fillInPodTemplate, warnOfPodTemplate } from '../core/pod-template.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { inList } from '../meta/field-checks.ts';
import { showStringMap } from '../meta/go-syntax.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';

export function fillInTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return fillInPodTemplate(template as unknown as JsonObject) as unknown as PodTemplateSpec;
}

export function checkTemplate(template: PodTemplateSpec | undefined, field: string): readonly FieldError[] {
  return checkPodTemplate((template ?? {}) as unknown as JsonObject, field);
}

/** Deployments and replica sets have the same rules. */
export function checkReplicaTemplate({ selector, template, replicas }: ReplicaSpec): FieldError[] {
  const field = 'spec.template';
  const matches = selects(selector, template?.metadata?.labels);
  if (matches === null)
    return [invalidShown('spec.selector', goSelector(selector), 'invalid label selector')];
  return [
    ...(matches ? [] : [labelsDiffer(template, field)]),
    ...checkTemplate(template, field),
    ...((replicas ?? 0) > 1 ? checkSharedDisks(template, `${field}.spec.volumes`) : []),
    ...checkRunsForever(template, `${field}.spec`, 'ReplicaSet'),
  ];
}

interface ReplicaSpec {
  readonly selector?: LabelSelector | undefined;
  readonly template?: PodTemplateSpec | undefined;
  readonly replicas?: number | undefined;
}

export function labelsDiffer(template: PodTemplateSpec | undefined, field: string): FieldError {
  const why = '`selector` does not match template `labels`';
  return invalidShown(`${field}.metadata.labels`, showStringMap(template?.metadata?.labels), why);
}

/** @param kind in the sentence */
export function checkRunsForever(
  template: PodTemplateSpec | undefined,
  field: string,
  kind: string,
): FieldError[] {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? {};
  const deadline = `${field}.activeDeadlineSeconds`;
  return [
    ...(restartPolicy === 'Always'
      ? []
      : [notSupported(`${field}.restartPolicy`, restartPolicy, ['Always'])]),
    ...(activeDeadlineSeconds === undefined || activeDeadlineSeconds === null
      ? []
      : [forbiddenField(deadline, `activeDeadlineSeconds in ${kind} is not Supported`)]),
  ];
}

/** Several pods can only share a disk that none of them writes to. */
export function checkSharedDisks(template: PodTemplateSpec | undefined, field: string): FieldError[] {
  const why =
    'must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only';
  return inList(template?.spec?.volumes, field, ({ gcePersistentDisk: disk }, at) =>
    !disk || disk.readOnly ? [] : [invalidValue(`${at}.gcePersistentDisk.readOnly`, false, why)],
  );
}

/** A selector that has to be there and says something. @param emptyWords what is said of one that says nothing */
export function checkOwnSelector(
  selector: LabelSelector | null | undefined,
  emptyWords: string,
): FieldError[] {
  const field = 'spec.selector';
  if (!selector) return [required(field)];
  return [
    ...checkLabelSelector(selector as JsonObject, field),
    ...(isEmptySelector(selector) ? [invalidShown(field, goSelector(selector), emptyWords)] : []),
  ];
}

/** What is said of a template that is new or changed. @param old null: it is made */
export function warnOfTemplate(
  next: Templated,
  old: Templated | null,
  field = 'spec.template',
): readonly string[] {
  const { template } = next.spec ?? {};
  if (!template || (old !== null && isSame(next.spec, old.spec))) return [];
  return warnOfPodTemplate(template as unknown as JsonObject, field);
}

interface Templated {
  readonly spec?: { readonly template?: PodTemplateSpec | undefined } | undefined;
}

/** Which pods are its own is said once. */
export function keepsSelector(next: Selecting | undefined, old: Selecting | undefined): FieldError[] {
  const { selector } = next ?? {};
  return immutable(selector, old?.selector, 'spec.selector', () => goSelector(selector));
}

interface Selecting {
  readonly selector?: LabelSelector | undefined;
}

/** Pods are called after what makes them. */
export function warnOfName(name: string | undefined): string[] {
  const why = dnsLabel(name ?? '');
  if (why.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${why.join(' ')}]`,
  ];
}

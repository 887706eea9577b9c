/** How a job knows its pods: by labels that the server makes of its name and identity. (pkg/registry/batch/job/strategy.go) Pure. */

import type { Job } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { labelsDiffer } from '../apps/templates.ts';
import { isSame } from '../checks/fields.ts';
import { goSelector } from '../checks/go-syntax.ts';
import { selects } from '../checks/selection.ts';
import { invalidShown, required } from '../field-errors.ts';
import { showStringMap } from '../meta/go-syntax.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';

/** Each with and without a domain: the older names live on. */
function ownLabels({ metadata }: Job): Readonly<Record<string, string>> {
  const { uid = '', name = '' } = metadata ?? {};
  const legacy = { 'controller-uid': uid, 'job-name': name };
  return { ...legacy, [uidLabel]: uid, 'batch.kubernetes.io/job-name': name };
}

/** A job that does not select its pods itself gets a selector. */
export function withSelector(job: Job): Job {
  const { spec, metadata } = job;
  if (!spec) return job;
  const { template } = spec;
  const labels =
    spec.manualSelector === true
      ? template?.metadata?.labels
      : { ...ownLabels(job), ...template?.metadata?.labels };
  // The real server fills in the labels of a job each time it reads it, with those of its template.
  const isOpen =
    Object.keys(metadata?.labels ?? {}).length === 0 || isSame(metadata?.labels, template?.metadata?.labels);
  const named = isOpen && labels ? { ...job, metadata: { ...metadata, labels } } : job;
  if (spec.manualSelector === true) return named;
  const selector = {
    ...spec.selector,
    matchLabels: { [uidLabel]: metadata?.uid ?? '', ...spec.selector?.matchLabels },
  };
  const withLabels = { ...template, metadata: { ...template?.metadata, labels: labels ?? {} } };
  return { ...named, spec: { ...spec, selector, template: withLabels } };
}

export function checkSelector(job: Job): FieldError[] {
  const { selector, template, manualSelector } = job.spec ?? {};
  return [
    ...(manualSelector === true || !selector ? [] : checkOwnLabels(job)),
    ...(selects(selector, template?.metadata?.labels) === false
      ? [labelsDiffer(template, 'spec.template')]
      : []),
  ];
}

function checkOwnLabels(job: Job): FieldError[] {
  const { selector, template } = job.spec ?? {};
  const labels = template?.metadata?.labels ?? {};
  const expected = ownLabels(job);
  const wrong = Object.entries(expected).flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    const why = `must be '${value}'`;
    // A label that is not there is not the right one either.
    const missing = Object.hasOwn(labels, key) ? [] : [required(field, why)];
    return labels[key] === value ? [] : [...missing, invalidShown(field, showStringMap(labels), why)];
  });
  if (selects(selector, expected) !== false) return wrong;
  return [...wrong, invalidShown('spec.selector', goSelector(selector), '`selector` not auto-generated')];
}

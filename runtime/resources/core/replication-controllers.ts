/** Replication controllers: so many pods of one template. (pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  ReplicationController,
  ReplicationControllerSpec,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkNotNegative, when } from '../meta/field-checks.ts';
import { showStringMap } from '../meta/go-syntax.ts';
import { checkPodTemplate, fillInPodTemplate, warnOfPodTemplate } from './pod-template.ts';

export const replicationControllers: Strategy = {
  name: dnsSubdomain,
  countsGenerations: true,
  hasStatus: true,
  orphansDependents: true,
  fillIn,
  check: (object) => checkSpec((object as unknown as ReplicationController).spec ?? {}),
  checkStatusUpdate: (next) => checkStatus(next as unknown as ReplicationController),
  warn,
};

function warn(object: ApiObject, old: ApiObject | null): readonly string[] {
  if (old !== null && old.metadata.generation === object.metadata.generation) return [];
  const why = old === null ? dnsLabel(object.metadata.name ?? '') : [];
  const sentence =
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  const { template } = (object as unknown as ReplicationController).spec ?? {};
  return [
    ...(why.length === 0 ? [] : [`${sentence}: [${why.join(' ')}]`]),
    ...(template === undefined ? [] : warnOfPodTemplate(template as JsonObject, 'spec.template')),
  ];
}

type Labels = Readonly<Record<string, string>>;

function fillIn(object: ApiObject): ApiObject {
  const { metadata, spec = {} } = object as unknown as ReplicationController;
  const labels = spec.template?.metadata?.labels;
  const orLabels = (given: Labels | undefined) =>
    Object.keys(given ?? {}).length === 0 && labels !== undefined ? labels : given;
  const [own, selector] = [orLabels(metadata?.labels), orLabels(spec.selector)];
  return {
    ...object,
    metadata: { ...object.metadata, ...(own === undefined ? {} : { labels: own }) },
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      ...(selector === undefined ? {} : { selector }),
      ...(spec.template === undefined ? {} : { template: fillInPodTemplate(spec.template as JsonObject) }),
    },
  };
}

function checkSpec(spec: ReplicationControllerSpec): readonly FieldError[] {
  return [
    ...checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...when(Object.keys(spec.selector ?? {}).length === 0, required('spec.selector')),
    ...checkNotNegative(spec.replicas, 'spec.replicas'),
    ...checkTemplate(spec, 'spec.template'),
  ];
}

function checkTemplate(
  { template, selector = {} }: ReplicationControllerSpec,
  field: string,
): readonly FieldError[] {
  if (template === undefined) return [required(field)];
  const labels = template.metadata?.labels ?? {};
  const isSelected = Object.entries(selector).every(([key, value]) => labels[key] === value);
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  return [
    ...when(
      !isSelected,
      invalidShown(
        `${field}.metadata.labels`,
        showStringMap(template.metadata?.labels),
        '`selector` does not match template `labels`',
      ),
    ),
    ...checkPodTemplate(template as JsonObject, field),
    ...when(
      restartPolicy !== 'Always',
      notSupported(`${field}.spec.restartPolicy`, restartPolicy, ['Always']),
    ),
    ...when(
      activeDeadlineSeconds !== undefined,
      forbiddenField(
        `${field}.spec.activeDeadlineSeconds`,
        'activeDeadlineSeconds in ReplicationController is not Supported',
      ),
    ),
  ];
}

function checkStatus({ status }: ReplicationController): readonly FieldError[] {
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0 } = status ?? {};
  const { availableReplicas = 0, observedGeneration } = status ?? {};
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  const parts = { fullyLabeledReplicas, readyReplicas, availableReplicas };
  return [
    ...Object.entries(counts).flatMap(([name, count]) => checkNotNegative(count, `status.${name}`)),
    ...checkNotNegative(observedGeneration, 'status.observedGeneration'),
    ...Object.entries(parts).flatMap(([name, count]) =>
      when(count > replicas, invalidValue(`status.${name}`, count, 'cannot be greater than status.replicas')),
    ),
    ...when(
      availableReplicas > readyReplicas,
      invalidValue('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'),
    ),
  ];
}

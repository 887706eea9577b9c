/** Fields of a pod that its own containers are told, as variables or as files. (pkg/apis/core/validation) Pure. */
import { labelKey } from '../../../apiserver/objects/name-rules.ts';
import type {
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkName, when } from '../../meta/field-checks.ts';
import { nanosOf } from '../../meta/quantities.ts';

export const fieldsOfVariables = [
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
];
export const fieldsOfFiles = [
  ...['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
];
const knownFields = new Set([
  ...fieldsOfVariables,
  ...fieldsOfFiles,
  ...['spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host'],
]);
const resources = [
  ...['limits.cpu', 'limits.ephemeral-storage', 'limits.memory'],
  ...['requests.cpu', 'requests.ephemeral-storage', 'requests.memory'],
];

/** @param allowed sorted, as they are to be listed */
export function checkFieldSelector(
  selector: ObjectFieldSelector,
  allowed: readonly string[],
  field: string,
): readonly FieldError[] {
  const { apiVersion = '', fieldPath = '' } = selector;
  if (apiVersion === '') return [required(`${field}.apiVersion`)];
  if (fieldPath === '') return [required(`${field}.fieldPath`)];
  const subscripted = /^([^[]+)\['(.*)'\]$/s.exec(fieldPath);
  const problem = whyUnknown(apiVersion, fieldPath, subscripted?.[1]);
  if (problem !== '') {
    return [invalidValue(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)];
  }
  if (subscripted !== null) {
    const key = subscripted[2] as string;
    // Keys of annotations may have large letters.
    return checkName(labelKey, subscripted[1] === 'metadata.annotations' ? key.toLowerCase() : key, field);
  }
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  return when(!allowed.includes(path), notSupported(`${field}.fieldPath`, path, allowed));
}

/** @param needsContainer a file is of the whole pod, and has to say whose resources it means */
export function checkResourceSelector(
  { containerName = '', resource = '', divisor }: ResourceFieldSelector,
  field: string,
  needsContainer: boolean,
): readonly FieldError[] {
  const isKnown = resources.includes(resource) || /^(requests|limits)\.hugepages-/.test(resource);
  const ofName =
    needsContainer && containerName === ''
      ? [required(`${field}.containerName`)]
      : resource === ''
        ? [required(`${field}.resource`)]
        : when(!isKnown, notSupported(`${field}.resource`, resource, resources));
  return [...ofName, ...checkDivisor(resource, divisor, `${field}.divisor`)];
}

function whyUnknown(apiVersion: string, fieldPath: string, subscripted: string | undefined): string {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  if (subscripted === undefined) {
    return knownFields.has(fieldPath) ? '' : `field label not supported: ${fieldPath}`;
  }
  const hasKeys = subscripted === 'metadata.annotations' || subscripted === 'metadata.labels';
  return hasKeys ? '' : `field label does not support subscript: ${fieldPath}`;
}

const sizes = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const divisors: readonly (readonly [pattern: RegExp, allowed: readonly string[], words: string])[] = [
  [/^(limits|requests)\.cpu$/, ['1m', '1'], '1m and 1 are supported with the cpu'],
  [/^(limits|requests)\.memory$/, sizes, `${sizes.join(', ')} are supported with the memory`],
  [
    /^(limits|requests)\.ephemeral-storage$/,
    sizes,
    `${sizes.join(', ')} are supported with the local ephemeral storage`,
  ],
  [/^(limits|requests)\.hugepages-/, sizes, `${sizes.join(', ')} are supported with the hugepages`],
];

function checkDivisor(resource: string, divisor: string | undefined, field: string): readonly FieldError[] {
  if (divisor === undefined || nanosOf(divisor) === 0n) return [];
  return divisors.flatMap(([pattern, allowed, words]) =>
    when(
      pattern.test(resource) && !allowed.includes(divisor),
      invalidValue(field, resource, `only divisor's values ${words} resource`),
    ),
  );
}

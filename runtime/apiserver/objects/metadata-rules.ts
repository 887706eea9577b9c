/**
 * What every object's metadata must be like, when it is made and when it is changed.
 * (k8s.io/apimachinery/pkg/api/validation/objectmeta.go) Pure.
 */
import type { FieldError } from '../status.ts';
import { dnsLabel, labelKey, labelValueOf, type NameRule } from './name-rules.ts';
import type { ObjectMetadata } from './object-bytes.ts';

const annotationsLimitBytes = 256 * 1024;

/** The fields of an owner reference that are looked at. */
export interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

export interface MetadataRules {
  readonly isNamespaced: boolean;
  readonly name: NameRule;
  /** A finalizer needs no domain. */
  readonly takesPlainFinalizers?: boolean | undefined;
}

/** What is wrong with the metadata of an object that is made. */
export function checkMetadata(metadata: ObjectMetadata, rules: MetadataRules): FieldError[] {
  return [
    ...checkName(metadata, rules.name),
    ...checkNamespace(metadata.namespace ?? '', rules.isNamespaced),
    ...checkLabels(metadata.labels ?? {}),
    ...checkAnnotations((metadata.annotations ?? {}) as Readonly<Record<string, string>>),
    ...checkOwners((metadata.ownerReferences ?? []) as readonly OwnerReference[]),
    ...checkFinalizers((metadata.finalizers ?? []) as readonly string[], rules.takesPlainFinalizers === true),
  ];
}

/** What is wrong with new metadata beside the old one; what `checkMetadata` sees is not repeated. */
export function checkMetadataUpdate(next: ObjectMetadata, old: ObjectMetadata): FieldError[] {
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ];
  const changed = fixed.filter((field) => (next[field] ?? null) !== (old[field] ?? null));
  return [
    ...changed.map((field) => wrong(`metadata.${field}`, next[field] ?? null, 'field is immutable')),
    ...checkFinalizersOfDeleted(next, old),
  ];
}

function checkName({ name = '', generateName = '' }: ObjectMetadata, rule: NameRule): FieldError[] {
  const prefix = String(generateName);
  // What follows the prefix is letters and digits, so that a hyphen at its end is in the middle of the name.
  const ofPrefix = prefix === '' ? [] : rule(prefix.replace(/-$/, 'a'));
  const errors = ofPrefix.map((why) => wrong('metadata.generateName', prefix, why));
  if (name !== '') return [...errors, ...rule(name).map((why) => wrong('metadata.name', name, why))];
  return [...errors, required('metadata.name', 'name or generateName is required')];
}

function checkNamespace(namespace: string, isNamespaced: boolean): FieldError[] {
  if (!isNamespaced) {
    return namespace === '' ? [] : [forbids('metadata.namespace', 'not allowed on this type')];
  }
  if (namespace === '') return [required('metadata.namespace', '')];
  return dnsLabel(namespace).map((why) => wrong('metadata.namespace', namespace, why));
}

function checkLabels(labels: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKey(key).map((why) => wrong('metadata.labels', key, why)),
    ...labelValueOf(value).map((why) => wrong('metadata.labels', value, why)),
  ]);
}

function checkAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(annotations);
  const keys = entries.flatMap(([key]) =>
    labelKey(key.toLowerCase()).map((why) => wrong('metadata.annotations', key, why)),
  );
  const size = entries.reduce(
    (sum, pair) => sum + Buffer.byteLength(pair[0]) + Buffer.byteLength(pair[1]),
    0,
  );
  if (size <= annotationsLimitBytes) return keys;
  const message = `Too long: may not be more than ${annotationsLimitBytes} bytes`;
  return [...keys, { reason: 'FieldValueTooLong', field: 'metadata.annotations', message }];
}

function checkOwners(owners: readonly OwnerReference[]): FieldError[] {
  const path = 'metadata.ownerReferences';
  const [first, ...others] = owners.filter(({ controller }) => controller === true);
  return owners.flatMap((owner) => {
    const errors = checkOwner(owner, path);
    if (first === undefined || !others.includes(owner)) return errors;
    const names = [first, owner].map(({ kind, name }) => `${kind}/${name}`).join(' and ');
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${names}`;
    return [...errors, wrong(path, owners, why)];
  });
}

function checkOwner(owner: OwnerReference, path: string): FieldError[] {
  const { apiVersion = '', kind = '' } = owner;
  const parts = apiVersion.split('/');
  const hasVersion = parts.length <= 2 && parts.at(-1) !== '';
  const empty = (['kind', 'name', 'uid'] as const).filter((field) => (owner[field] ?? '') === '');
  // Events are too many, and gone too soon, to own anything.
  const isEvent = apiVersion === 'v1' && kind === 'Event';
  return [
    ...(hasVersion ? [] : [wrong(`${path}.apiVersion`, apiVersion, 'version must not be empty')]),
    ...empty.map((field) => wrong(`${path}.${field}`, '', 'must not be empty')),
    ...(isEvent ? [wrong(path, owner, '/v1, Kind=Event is disallowed from being an owner')] : []),
  ];
}

/** Finalizers of Kubernetes itself have no domain; all others are named by their owner's. */
const ownFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function checkFinalizers(finalizers: readonly string[], takesPlain: boolean): FieldError[] {
  const path = 'metadata.finalizers';
  const contradicts = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion');
  const why = 'name is neither a standard finalizer name nor is it fully qualified';
  return [
    ...finalizers.flatMap((name) => labelKey(name).map((reason) => wrong(path, name, reason))),
    ...(contradicts
      ? [wrong(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
    ...finalizers.flatMap((name, index) =>
      takesPlain || name.includes('/') || ownFinalizers.has(name)
        ? []
        : [wrong(`${path}[${index}]`, name, why)],
    ),
  ];
}

/** What is being deleted can only lose what it waits for. */
function checkFinalizersOfDeleted(next: ObjectMetadata, old: ObjectMetadata): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const before = new Set((old.finalizers ?? []) as readonly string[]);
  const added = ((next.finalizers ?? []) as readonly string[]).filter((name) => !before.has(name));
  if (added.length === 0) return [];
  const list = added.map((name) => `"${name}"`).join(', ');
  return [
    forbids(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}

function wrong(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

function required(field: string, why: string): FieldError {
  return {
    reason: 'FieldValueRequired',
    field,
    message: why === '' ? 'Required value' : `Required value: ${why}`,
  };
}

function forbids(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

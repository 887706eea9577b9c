/** Definitions of custom resources. (k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition) Pure. */
import { asDefinition, storedVersionOf } from '../../apiserver/custom-resources/definition.ts';
import { cleanupFinalizer, withCondition } from '../../apiserver/custom-resources/plan-definition.ts';
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { fillInClient } from '../admissionregistration/webhook-client.ts';
import { invalidValue } from '../field-errors.ts';
import { checkApproval } from './check-approval.ts';
import { checkImmutable, checkNames, checkSpec } from './check-spec.ts';

export const customResourceDefinitionStrategy: Strategy = {
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true, needsVersion: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  takesPlainFinalizers: true,
  fillIn: (object) => changed(object, (definition) => ({ ...definition, spec: filledSpec(definition.spec) })),
  prepareCreate: (object) => changed(object, withStoredVersion),
  prepareUpdate: (next) => changed(next, withStoredVersion),
  checkCreate: (object) => check(asDefinition(object), null),
  checkUpdate: (next, old) => check(asDefinition(next), asDefinition(old)),
  checkStatusUpdate: (next) => checkStatus(asDefinition(next)),
  // A deletion waits for the objects: their finalizer comes with it.
  isHeld: ({ metadata }) => (metadata.deletionTimestamp ?? null) === null,
  markDeleted: (object) => changed(object, markedDeleted),
};

function changed(
  object: ApiObject,
  change: (definition: CustomResourceDefinition) => CustomResourceDefinition,
): ApiObject {
  return change(asDefinition(object)) as unknown as ApiObject;
}

function filledSpec(spec: CustomResourceDefinitionSpec): CustomResourceDefinitionSpec {
  const { names, conversion } = spec;
  const { singular = '', listKind = '', kind = '' } = names ?? ({} as CustomResourceDefinitionNames);
  const filled = {
    ...names,
    singular: singular === '' ? kind.toLowerCase() : singular,
    listKind: listKind === '' && kind !== '' ? `${kind}List` : listKind,
  };
  return { ...spec, names: filled, conversion: conversion ? withPort(conversion) : { strategy: 'None' } };
}

function withPort(
  conversion: NonNullable<CustomResourceDefinitionSpec['conversion']>,
): NonNullable<CustomResourceDefinitionSpec['conversion']> {
  const { webhook } = conversion;
  const client = webhook?.clientConfig;
  if (!webhook || !client) return conversion;
  return { ...conversion, webhook: { ...webhook, clientConfig: fillInClient(client) } };
}

/** Whichever version has ever been stored is remembered: its objects may be there still. */
function withStoredVersion(definition: CustomResourceDefinition): CustomResourceDefinition {
  const { status } = definition;
  const stored = status?.storedVersions ?? [];
  const version = storedVersionOf(definition);
  if (version === '' || stored.includes(version)) return definition;
  return { ...definition, status: { ...status, storedVersions: [...stored, version] } };
}

function check(next: CustomResourceDefinition, old: CustomResourceDefinition | null): readonly FieldError[] {
  const { metadata, spec, status } = next;
  const expected = `${spec.names.plural}.${spec.group}`;
  const name = metadata?.name ?? '';
  const ofName =
    name === expected
      ? []
      : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
  return [
    ...ofName,
    ...checkSpec(spec, old?.spec ?? null),
    ...(old === null ? [] : checkImmutable(next, old)),
    ...checkStatus(next),
    ...checkApproval(next, old),
    ...checkStoredVersions(spec, status?.storedVersions ?? []),
  ];
}

function checkStatus({ status }: CustomResourceDefinition): readonly FieldError[] {
  return status?.acceptedNames ? checkNames(status.acceptedNames, 'status.acceptedNames') : [];
}

function checkStoredVersions(
  { versions }: CustomResourceDefinitionSpec,
  stored: readonly string[],
): readonly FieldError[] {
  const field = 'status.storedVersions';
  const lost = stored.flatMap((name, index) =>
    (versions ?? []).some((version) => version.name === name)
      ? []
      : [
          invalidValue(
            `${field}[${index}]`,
            name,
            'missing from spec.versions; must be removed from status.storedVersions first',
          ),
        ],
  );
  return stored.length === 0 ? [invalidValue(field, stored, 'must have at least one stored version')] : lost;
}

function markedDeleted(definition: CustomResourceDefinition): CustomResourceDefinition {
  const { metadata, status } = definition;
  const finalizers = metadata?.finalizers ?? [];
  if (finalizers.includes(cleanupFinalizer)) return definition;
  const condition = {
    ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' },
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  return {
    ...definition,
    metadata: { ...metadata, finalizers: [...finalizers, cleanupFinalizer] },
    status: withCondition(status ?? {}, condition, metadata?.deletionTimestamp ?? ''),
  };
}

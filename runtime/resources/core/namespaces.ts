/** Namespaces, which go only when they are empty. (pkg/registry/core/namespace) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Namespace } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';
import { checkName, when } from '../meta/field-checks.ts';
import { finalizerName, namespaceName } from '../meta/names.ts';

const nameLabel = 'kubernetes.io/metadata.name';
/** The namespace controller's: it removes what is in the namespace, and then this. */
const ownFinalizer = 'kubernetes';

export const namespaces: Strategy = {
  name: namespaceName,
  countsGenerations: false,
  hasStatus: true,
  resets: { '': ['status'], status: ['spec'], finalize: ['status'] },
  fillIn,
  prepareCreate,
  prepareUpdate: (next, old) => ({ ...next, spec: old.spec }),
  check: checkFinalizers,
  checkStatusUpdate: checkPhase,
  // By which the namespace controller says that it is done.
  parts: {
    finalize: { take: (sent, old) => ({ ...old, spec: sent.spec ?? {} }), check: checkFinalizers },
  },
  isHeld: (object) => ((object as unknown as Namespace).spec?.finalizers ?? []).length > 0,
  markDeleted: (object) => ({ ...object, status: { ...(object.status as object), phase: 'Terminating' } }),
};

function checkFinalizers(object: ApiObject): readonly FieldError[] {
  const { spec } = object as unknown as Namespace;
  return (spec?.finalizers ?? []).flatMap((name) => checkName(finalizerName, name, 'spec.finalizers'));
}

function fillIn(object: ApiObject): ApiObject {
  const { metadata, status } = object as unknown as Namespace;
  const name = metadata?.name ?? '';
  return {
    ...object,
    ...(name === ''
      ? {}
      : { metadata: { ...object.metadata, labels: { ...object.metadata.labels, [nameLabel]: name } } }),
    status: { ...status, phase: status?.phase || 'Active' },
  };
}

function prepareCreate(object: ApiObject): ApiObject {
  const finalizers = (object as unknown as Namespace).spec?.finalizers ?? [];
  return {
    ...object,
    spec: { finalizers: finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer] },
    status: { phase: 'Active' },
  };
}

function checkPhase(next: ApiObject): readonly FieldError[] {
  const { metadata, status } = next as unknown as Namespace;
  const isDeleted = metadata?.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null;
  const [phase, state] = isDeleted ? ['Terminating', 'not empty'] : ['Active', 'empty'];
  const why = `may only be '${phase}' if \`deletionTimestamp\` is ${state}`;
  return when(status?.phase !== phase, invalidValue('status.Phase', status?.phase ?? '', why));
}

/**
 * How many replicas there are to be, as `autoscaling/v1` Scale: the same view of whatever has replicas.
 * (pkg/registry/apps/deployment/storage/storage.go) Pure.
 */
import { checkMetadata } from '../apiserver/objects/metadata-rules.ts';
import { dnsSubdomain } from '../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { numberAt, objectAt, textEntriesAt } from '../apiserver/objects/read-path.ts';
import { conflict, invalid } from '../apiserver/status.ts';
import { formatSelector } from './checks/selection.ts';
import { invalidValue } from './field-errors.ts';

const resources: Readonly<Record<string, { readonly group: string; readonly resource: string }>> = {
  Deployment: { group: 'apps', resource: 'deployments/scale' },
  ReplicaSet: { group: 'apps', resource: 'replicasets/scale' },
  StatefulSet: { group: 'apps', resource: 'statefulsets/scale' },
  ReplicationController: { group: '', resource: 'replicationcontrollers/scale' },
};

export function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, 'spec', 'replicas');
  const selector = selectorOf(object);
  const known = { name, namespace, uid, resourceVersion, creationTimestamp };
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
    metadata: Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, 'status', 'replicas'),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

/** The object with the replicas that the scale asks for, and the version that it names. @throws ApiError */
export function withScale(object: ApiObject, scale: ApiObject): ApiObject {
  const name = object.metadata.name ?? '';
  const replicas = numberAt(scale, 'spec', 'replicas');
  const errors = [
    ...checkMetadata(scale.metadata, { isNamespaced: true, name: dnsSubdomain }),
    ...(replicas < 0 ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')] : []),
  ];
  if (errors.length > 0) throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, errors);
  const { uid = '', resourceVersion } = scale.metadata;
  if (uid !== '' && uid !== object.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
    throw conflict(resources[object.kind] ?? { group: '', resource: object.kind }, name, why);
  }
  const { resourceVersion: _, ...metadata } = object.metadata;
  return {
    ...object,
    // No version: whichever is there.
    metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: { ...objectAt(object, 'spec'), replicas },
  };
}

function selectorOf(object: ApiObject): string {
  // The oldest of these kinds has a plain map.
  if (object.kind !== 'ReplicationController') return formatSelector(objectAt(object, 'spec', 'selector'));
  const matchLabels = Object.fromEntries(textEntriesAt(object, 'spec', 'selector'));
  return formatSelector({ matchLabels });
}

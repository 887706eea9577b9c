/**
 * A node changes nothing but itself and what runs on it, whatever its rights on a kind are.
 * (plugin/pkg/admission/noderestriction)
 */

import { groups } from '../authentication/user.ts';
import { podReferences } from '../authorization/pod-references.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, listAt, objectAt, stringAt } from '../objects/read-path.ts';
import { isSameJson, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { conflict, notFound } from '../status.ts';
import { forbiddenLabels } from './node-labels.ts';
import { type Asked, type Plugin, refuse } from './plugin.ts';
import type { Reads } from './reads.ts';

const namePrefix = 'system:node:';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

export function nodeRestriction(reads: Reads): Plugin {
  return {
    validate: async (asked) => {
      const { user, resource, operation } = asked;
      if (operation === 'CONNECT') return;
      if (!user.groups.includes(groups.nodes) || !user.name.startsWith(namePrefix)) return;
      const node = user.name.slice(namePrefix.length);
      if (node === '') throw refuse(asked, `could not determine node from user ${JSON.stringify(user.name)}`);
      const full = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
      const why = (await rules[full]?.(asked, node, reads)) ?? null;
      if (why !== null) throw refuse(asked, why);
    },
  };
}

/** @returns why not, or null */
type Rule = (asked: Asked, node: string, reads: Reads) => string | null | Promise<string | null>;

const rules: Readonly<Record<string, Rule>> = {
  pods: checkPod,
  nodes: checkNode,
  persistentvolumeclaims: checkClaim,
  serviceaccounts: checkToken,
  'leases.coordination.k8s.io': checkLease,
  'csinodes.storage.k8s.io': (asked, node) =>
    nameOf(asked) === node ? null : 'can only access CSINode with the same name as the requesting node',
  'resourceslices.resource.k8s.io': ({ object, old }, node) =>
    stringAt(object ?? old, 'spec', 'nodeName') === node
      ? null
      : 'can only create ResourceSlice with the same NodeName as the requesting node',
};

async function checkPod(asked: Asked, node: string, reads: Reads): Promise<string | null> {
  const { subresource, operation, old, object } = asked;
  const q = JSON.stringify(node);
  switch (subresource) {
    case '':
      if (operation === 'CREATE') return await checkMirror(asked, node, reads);
      if (operation === 'DELETE') {
        return nodeOf(old) === node
          ? null
          : `node ${q} can only delete pods with spec.nodeName set to itself`;
      }
      return `unexpected operation "${operation}", node ${q} can only create and delete mirror pods`;
    case 'status':
      if (operation !== 'UPDATE') return `unexpected operation "${operation}"`;
      if (nodeOf(old) !== node) {
        return `node ${q} can only update pod status for pods with spec.nodeName set to itself`;
      }
      return isSame(old?.metadata.labels, object?.metadata.labels)
        ? null
        : `node ${q} cannot update labels through pod status`;
    case 'eviction': {
      const pod = await reads.get('pods', asked.namespace, nameOf(asked));
      if (pod === null) throw notFound({ group: '', resource: 'pods' }, nameOf(asked));
      return nodeOf(pod) === node
        ? null
        : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  }
}

async function checkMirror(asked: Asked, node: string, reads: Reads): Promise<string | null> {
  const object = asked.object as ApiObject;
  const q = JSON.stringify(node);
  if (!isSet(object, 'metadata', 'annotations', mirrorAnnotation)) {
    return `pod does not have "${mirrorAnnotation}" annotation, node ${q} can only create mirror pods`;
  }
  if (nodeOf(object) !== node) return `node ${q} can only create pods with spec.nodeName set to itself`;
  const why = await checkOwner(object, node, reads);
  if (why !== null) return why;
  const { secrets, configMaps, serviceAccount } = podReferences(object);
  if (serviceAccount !== '') return `node ${q} can not create pods that reference a service account`;
  if (secrets.length > 0) return `node ${q} can not create pods that reference secrets`;
  if (configMaps.length > 0) return `node ${q} can not create pods that reference configmaps`;
  const claims = listAt(object, 'spec', 'volumes').some((volume) => isSet(volume, 'persistentVolumeClaim'));
  return claims ? `node ${q} can not create pods that reference persistentvolumeclaims` : null;
}

async function checkOwner(object: ApiObject, node: string, reads: Reads): Promise<string | null> {
  const start = `node ${JSON.stringify(node)} can only create pods with`;
  const owners = listAt(object, 'metadata', 'ownerReferences');
  if (owners.length > 1) return `${start} a single owner reference set to itself`;
  const [owner] = owners;
  const is = (field: string, value: string): boolean => stringAt(owner, field) === value;
  if (!is('apiVersion', 'v1') || !is('kind', 'Node') || !is('name', node)) {
    return `${start} an owner reference set to itself`;
  }
  const { controller, blockOwnerDeletion } = objectAt(owner);
  if (controller !== true) return `${start} a controller owner reference set to itself`;
  if (blockOwnerDeletion === true) {
    return `node ${JSON.stringify(node)} must not set blockOwnerDeletion on an owner reference`;
  }
  const found = await reads.get('nodes', '', node);
  if (found === null) throw notFound({ group: '', resource: 'nodes' }, node);
  const uid = stringAt(owner, 'uid');
  return uid === found.metadata.uid
    ? null
    : `node ${node} UID mismatch: expected ${uid} got ${found.metadata.uid ?? ''}`;
}

function checkNode(asked: Asked, node: string): string | null {
  const { operation, object, old } = asked;
  const q = JSON.stringify(node);
  if (nameOf(asked) !== node) {
    return `node ${q} is not allowed to modify node ${JSON.stringify(nameOf(asked))}`;
  }
  if (operation !== 'CREATE' && operation !== 'UPDATE') return null;
  if (operation === 'CREATE' && isSet(object, 'spec', 'configSource')) {
    return `node ${q} is not allowed to create pods with a non-nil configSource`;
  }
  const source = objectAt(object, 'spec', 'configSource');
  if (isSet(object, 'spec', 'configSource') && !isSame(source, objectAt(old, 'spec', 'configSource'))) {
    return `node ${q} is not allowed to update configSource to a new non-nil configSource`;
  }
  if (operation === 'UPDATE' && !isSame(listAt(object, 'spec', 'taints'), listAt(old, 'spec', 'taints'))) {
    return `node ${q} is not allowed to modify taints`;
  }
  if (!isSame(listAt(object, 'metadata', 'ownerReferences'), listAt(old, 'metadata', 'ownerReferences'))) {
    return `node ${q} is not allowed to modify ownerReferences`;
  }
  const labels = forbiddenLabels(object?.metadata.labels ?? {}, old?.metadata.labels ?? {});
  if (labels.length === 0) return null;
  return operation === 'CREATE'
    ? `node ${q} is not allowed to set the following labels: ${labels.join(', ')}`
    : `is not allowed to modify labels: ${labels.join(', ')}`;
}

/** A node that has made a volume larger says how large it is. */
function checkClaim(asked: Asked, node: string): string | null {
  const { subresource, operation, object, old } = asked;
  if (subresource !== 'status') return 'may only update PVC status';
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`;
  const isUnchanged = isSame(withoutVolumeState(object), withoutVolumeState(old));
  const allowed = 'status.quantity and status.conditions';
  return isUnchanged
    ? null
    : `node ${JSON.stringify(node)} is not allowed to update fields other than ${allowed}`;
}

function withoutVolumeState(claim: ApiObject | null): unknown {
  const { resourceVersion: _, managedFields: __, ...metadata } = claim?.metadata ?? {};
  const status = objectAt(claim, 'status');
  const kept = Object.entries(status).filter(([name]) => !volumeState.has(name));
  return { ...claim, metadata, status: Object.fromEntries(kept) };
}

const volumeState: ReadonlySet<string> = new Set([
  ...['capacity', 'conditions', 'allocatedResources', 'allocatedResourceStatuses'],
  ...['currentVolumeAttributesClassName', 'modifyVolumeStatus'],
]);

async function checkToken(asked: Asked, node: string, reads: Reads): Promise<string | null> {
  if (asked.operation !== 'CREATE' || asked.subresource !== 'token') return null;
  const bound = objectAt(asked.object, 'spec', 'boundObjectRef');
  const [name, uid] = [stringAt(bound, 'name'), stringAt(bound, 'uid')];
  const isPod = bound.apiVersion === 'v1' && bound.kind === 'Pod' && name !== '';
  if (!isPod) return 'node requested token not bound to a pod';
  if (uid === '') return 'node requested token with a pod binding without a uid';
  const pod = await reads.get('pods', asked.namespace, name);
  if (pod === null) throw notFound({ group: '', resource: 'pods' }, name);
  if (uid !== pod.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: 'pods' }, name, why);
  }
  return nodeOf(pod) === node ? null : 'node requested token bound to a pod scheduled on a different node';
}

function checkLease(asked: Asked, node: string): string | null {
  if (asked.namespace !== 'kube-node-lease') {
    return 'can only access leases in the "kube-node-lease" system namespace';
  }
  return nameOf(asked) === node
    ? null
    : 'can only access node lease with the same name as the requesting node';
}

function nameOf({ name, object }: Asked): string {
  return name === '' ? (object?.metadata.name ?? '') : name;
}

function nodeOf(pod: ApiObject | null): string {
  return stringAt(pod, 'spec', 'nodeName');
}

function isSame(a: unknown, b: unknown): boolean {
  return isSameJson((a ?? {}) as JsonValue, (b ?? {}) as JsonValue);
}

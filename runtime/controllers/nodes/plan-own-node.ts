/** What a machine has to write about itself: its Node where there is none, what has changed of it, and a sign of life. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { NodeCondition } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { placeIn, resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';
import { labelsOf, memberAnnotation, type NodeObservation, newNode, statusOf } from './node-object.ts';

/** So often the status is written though nothing has changed; the lease says more often that the machine lives. */
const statusMilliseconds = 300_000;
export const leaseNamespace = 'kube-node-lease';
/** For as long as others believe a sign of life. */
const leaseSeconds = 40;

export interface ObservedNode {
  readonly observation: NodeObservation;
  /** null where there is none */
  readonly node: ApiObject | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The same as `metav1.Time`. */
  readonly now: string;
}

export function planOwnNode({ observation, node, nowMs, now }: ObservedNode): readonly Write[] {
  if (node === null) return [{ kind: 'create', of: resources.nodes, object: newNode(observation, now) }];
  return [...describe(observation, node), ...report(observation, node, nowMs, now)];
}

/** Labels that somebody has added stay; those that a machine gives itself are as it says. */
function describe(observation: NodeObservation, { metadata }: ApiObject): readonly Write[] {
  const labels = labelsOf(observation);
  const isLabelled = Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value);
  const isOurs = stringAt(metadata, 'annotations', memberAnnotation) === observation.memberId;
  if (isLabelled && isOurs) return [];
  const body = { metadata: { labels, annotations: { [memberAnnotation]: observation.memberId } } };
  return [{ kind: 'patch', place: placeIn(resources.nodes, metadata), patch: { kind: 'merge', body } }];
}

function report(observation: NodeObservation, node: ApiObject, nowMs: number, now: string): readonly Write[] {
  const before = listAt(node, 'status', 'conditions') as readonly NodeCondition[];
  const status = { ...objectAt(node, 'status'), ...statusOf(observation, before, now) };
  const last = before.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '';
  const isFresh = Math.abs(nowMs - Date.parse(last)) < statusMilliseconds;
  if (isFresh && isDeepStrictEqual(withoutTimes(status), withoutTimes(objectAt(node, 'status')))) return [];
  const place = { ...placeIn(resources.nodes, node.metadata), subresource: 'status' };
  return [{ kind: 'patch', place, patch: { kind: 'merge', body: { status } } }];
}

function withoutTimes(status: object) {
  const conditions = listAt(status, 'conditions') as readonly NodeCondition[];
  const said = conditions.map(({ type, status, reason, message }) =>
    [type, status, reason, message].join('\0'),
  );
  return { ...status, conditions: said.sort() };
}

/** @param lease null where there is none. @param now as `metav1.MicroTime` */
export function nodeLease(node: ApiObject, lease: ApiObject | null, now: string): ApiObject {
  const { name = '', uid = '' } = node.metadata;
  // It goes with its node.
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
  const metadata = { ...(lease?.metadata ?? { name, namespace: leaseNamespace }), ownerReferences };
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: now };
  return { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata, spec };
}

/**
 * Whether the server behind an APIService can be asked: its service, somebody who serves it, and its own word, one after the other.
 * (k8s.io/kube-aggregator/pkg/controllers/status/remote) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, numberAt, objectAt, stringAt, stringsAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

export interface ObservedAvailability {
  /** null where there is none any more, or it stands for this server */
  readonly apiService: ApiObject | null;
  readonly verdict: Verdict | null;
  /** As `metav1.Time`. */
  readonly now: string;
}

export interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

export interface ObservedService {
  readonly apiService: ApiObject;
  /** null where there is none */
  readonly service: ApiObject | null;
  readonly slices: readonly ApiObject[];
}

export const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/** @returns what is wrong before anybody is asked; null: somebody may be */
export function judgeService({ apiService, service, slices }: ObservedService): Verdict | null {
  const { namespace, name, port } = serviceOf(apiService);
  const quoted = JSON.stringify(namespace);
  if (service === null) return failed('ServiceNotFound', `service/${name} in ${quoted} is not present`);
  // Others have no endpoints of this cluster.
  if (stringAt(service, 'spec', 'type') === 'ExternalName') return null;
  const entry = listAt(service, 'spec', 'ports').find((one) => numberAt(one, 'port') === port);
  if (entry === undefined) {
    return failed('ServicePortError', `service/${name} in ${quoted} is not listening on port ${port}`);
  }
  if (slices.length === 0) {
    return failed('EndpointsNotFound', `cannot find endpoints for service/${name} in ${quoted}`);
  }
  const portName = stringAt(entry, 'name');
  if (slices.some((slice) => hasAddress(slice, portName))) return null;
  const what = `endpoints for service/${name} in ${quoted} have no addresses with port name ${JSON.stringify(portName)}`;
  return failed('MissingEndpoints', what);
}

export function failed(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}

export function serviceOf(apiService: ApiObject): {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
} {
  const service = objectAt(apiService, 'spec', 'service');
  return {
    ...{ namespace: stringAt(service, 'namespace'), name: stringAt(service, 'name') },
    port: numberAt(service, 'port') || 443,
  };
}

export function isRemote(apiService: ApiObject): boolean {
  return isSet(apiService, 'spec', 'service');
}

function hasAddress(slice: ApiObject, portName: string): boolean {
  const hasPort = listAt(slice, 'ports').some((one) => stringAt(one, 'name') === portName);
  const ready = listAt(slice, 'endpoints').filter((one) => objectAt(one, 'conditions').ready !== false);
  return hasPort && ready.some((one) => stringsAt(one, 'addresses').length > 0);
}

/** Said only where it is not said already; since when counts from the last change between well and ill. */
export function planAvailability({ apiService, verdict, now }: ObservedAvailability): readonly Write[] {
  if (apiService === null || verdict === null) return [];
  const before = listAt(apiService, 'status', 'conditions');
  const old = before.find((one) => stringAt(one, 'type') === 'Available');
  const { status, reason, message } = verdict;
  const isSaid = (['status', 'reason', 'message'] as const).every(
    (key) => stringAt(old, key) === verdict[key],
  );
  if (isSaid) return [];
  const isSame = stringAt(old, 'status') === status;
  const since = isSame ? stringAt(old, 'lastTransitionTime') || now : now;
  const condition = { type: 'Available', status, lastTransitionTime: since, reason, message };
  const conditions = [...before.filter((one) => one !== old), condition];
  const object = { ...apiService, status: { ...objectAt(apiService, 'status'), conditions } };
  return [{ kind: 'update', of: resources.apiServices, object, subresource: 'status' }];
}

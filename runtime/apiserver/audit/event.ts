/** One line of the audit: `audit.k8s.io/v1` Event. (k8s.io/apiserver/pkg/apis/audit) Pure. */
import type { UserInfo } from '../authentication/user.ts';
import { objectAt, stringAt } from '../objects/read-path.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { AuditPlan, Stage } from './policy.ts';

export interface AuditedRequest {
  readonly plan: AuditPlan;
  readonly auditId: string;
  readonly uri: string;
  readonly info: RequestInfo;
  /** Who has shown who they are. */
  readonly asker: UserInfo;
  /** As whom they are taken; the same where they have not asked for another. */
  readonly user: UserInfo;
  readonly sourceIps: readonly string[];
  readonly userAgent: string;
  readonly receivedMs: number;
}

export interface Stated {
  readonly stage: Stage;
  readonly nowMs: number;
  /** null before there is an answer. */
  readonly code: number | null;
  /** Parsed JSON; undefined for none, or one that is not to be written down. */
  readonly requestObject: unknown;
  readonly responseObject: unknown;
  readonly annotations: Readonly<Record<string, string>>;
}

export function auditEvent(request: AuditedRequest, stated: Stated): object {
  const { plan, auditId, uri, info, asker, user, sourceIps, userAgent, receivedMs } = request;
  const { stage, nowMs, code, requestObject, responseObject, annotations } = stated;
  const isShown = plan.level === 'Request' || plan.level === 'RequestResponse';
  const shows = (object: unknown, name: string): object =>
    object === undefined ? {} : { [name]: plan.omitManagedFields ? withoutManagedFields(object) : object };
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    ...{ level: plan.level, auditID: auditId, stage, requestURI: uri, verb: info.verb },
    user: userOf(asker),
    ...(user === asker ? {} : { impersonatedUser: userOf(user) }),
    sourceIPs: sourceIps,
    ...(userAgent === '' ? {} : { userAgent }),
    ...(info.kind === 'resource' ? { objectRef: referenceOf(info, requestObject) } : {}),
    ...(code === null ? {} : { responseStatus: statusOf(code, responseObject) }),
    ...(isShown ? shows(requestObject, 'requestObject') : {}),
    ...(plan.level === 'RequestResponse' ? shows(responseObject, 'responseObject') : {}),
    requestReceivedTimestamp: microTime(receivedMs),
    stageTimestamp: microTime(nowMs),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function userOf({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid === '' ? {} : { uid }),
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** The name of a new object stands in its body alone. */
function referenceOf(info: Extract<RequestInfo, { kind: 'resource' }>, body: unknown): object {
  const { resource, namespace, group, version, subresource } = info;
  const name = info.name === '' ? stringAt(body, 'metadata', 'name') : info.name;
  const [uid, resourceVersion] = [
    stringAt(body, 'metadata', 'uid'),
    stringAt(body, 'metadata', 'resourceVersion'),
  ];
  const all = {
    resource,
    namespace,
    name,
    uid,
    apiGroup: group,
    apiVersion: version,
    resourceVersion,
    subresource,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** What went wrong is there at every level, and what was read is not. */
function statusOf(code: number, answer: unknown): object {
  const { kind, message, reason, status, details } = objectAt(answer);
  if (kind !== 'Status') return { metadata: {}, code };
  const said = Object.entries({ status, message, reason, details }).filter(
    ([, value]) => value !== undefined,
  );
  return { metadata: {}, ...Object.fromEntries(said), code };
}

function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const { metadata, items, ...others } = object as Record<string, unknown>;
  const { managedFields: _, ...kept } = objectAt(metadata);
  return {
    ...others,
    ...(metadata === undefined ? {} : { metadata: kept }),
    ...(Array.isArray(items)
      ? { items: items.map(withoutManagedFields) }
      : items === undefined
        ? {}
        : { items }),
  };
}

/** `metav1.MicroTime`. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

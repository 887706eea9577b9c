/**
 * Pods that a namespace's labels do not allow are refused; what is only to be told, is told.
 * (k8s.io/pod-security-admission/admission)
 */
import type { ApiObject } from '../../objects/object-bytes.ts';
import { type FieldError, invalid, notFound } from '../../status.ts';
import { type Asked, isOf, type Plugin, refuse } from '../plugin.ts';
import type { Reads } from '../reads.ts';
import { isSignificantChange } from './changes.ts';
import type { CheckedPod } from './checks.ts';
import { inDetail, violationsOf } from './evaluate.ts';
import { formatLevel, isNoStricter, isSameLevel, type LabelError, type Policy, policyOf } from './levels.ts';
import { podsWarnings } from './namespace-pods.ts';
import { podOf, templateOf } from './templates.ts';

export function podSecurity(reads: Reads): Plugin {
  return {
    validate: async (asked) => {
      const { operation, object } = asked;
      if (object === null || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      if (isOf(asked, 'namespaces')) return await checkNamespace(reads, asked, object);
      if (isOf(asked, 'pods', 'pods/ephemeralcontainers', 'pods/resize'))
        return await checkPod(reads, asked, object);
      const template = asked.subresource === '' ? templateOf(asked.resource, object) : null;
      if (template !== null) warn(asked, await policyFor(reads, asked), template);
    },
  };
}

async function checkPod(reads: Reads, asked: Asked, object: ApiObject): Promise<void> {
  const policy = await policyFor(reads, asked);
  if (asked.old !== null && !isSignificantChange(object, asked.old)) return;
  const pod = podOf(object);
  const { enforce } = policy.of;
  const violations = violationsOf(pod, enforce);
  asked.annotate('pod-security.kubernetes.io/enforce-policy', formatLevel(enforce));
  if (violations.length > 0) {
    throw refuse(asked, `violates PodSecurity "${formatLevel(enforce)}": ${inDetail(violations)}`);
  }
  warn(asked, policy, pod);
}

function warn(asked: Asked, { of }: Policy, pod: CheckedPod): void {
  const { warn: level, audit } = of;
  const noted = violationsOf(pod, audit);
  if (noted.length > 0) {
    const said = `would violate PodSecurity "${formatLevel(audit)}": ${inDetail(noted)}`;
    asked.annotate('pod-security.kubernetes.io/audit-violations', said);
  }
  const violations = violationsOf(pod, level);
  if (violations.length === 0) return;
  asked.warn(`would violate PodSecurity "${formatLevel(level)}": ${inDetail(violations)}`);
}

async function policyFor(reads: Reads, { namespace }: Asked): Promise<Policy> {
  const found = await reads.get('namespaces', '', namespace);
  if (found === null) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  return policyOf(found.metadata.labels ?? {});
}

/** Who makes a namespace stricter is told of the pods that are there already. */
async function checkNamespace(reads: Reads, asked: Asked, object: ApiObject): Promise<void> {
  const next = policyOf(object.metadata.labels ?? {});
  const old = policyOf(asked.old?.metadata.labels ?? {});
  const isNew = ({ label, value }: LabelError): boolean =>
    asked.old === null || !old.errors.some((error) => error.label === label && error.value === value);
  if (next.errors.some(isNew)) {
    const kind = { group: '', kind: 'Namespace' };
    throw invalid(kind, object.metadata.name ?? '', next.errors.map(labelError));
  }
  const [after, before] = [next.of.enforce, old.of.enforce];
  if (asked.old === null || isSameLevel(after, before) || isNoStricter(after, before)) return;
  const name = object.metadata.name ?? '';
  const pods = (await reads.list('pods', name)).map((pod) => ({
    name: pod.metadata.name ?? '',
    ...podOf(pod),
  }));
  for (const sentence of podsWarnings(name, pods, after)) asked.warn(sentence);
}

function labelError({ label, value, why }: LabelError): FieldError {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { reason: 'FieldValueInvalid', field: `metadata.labels[${label}]`, message };
}

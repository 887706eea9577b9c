/** Ingresses. (pkg/apis/networking, pkg/registry/networking/ingress) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  Ingress,
  IngressLoadBalancerIngress,
  IngressRule,
  IngressSpec,
  IngressTLS,
} from '../../apiserver/schemas/generated/types/api-networking-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { wildcardSubdomain } from '../checks/domain-names.ts';
import { invalidShown, invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkAddress, readAddress } from '../meta/addresses.ts';
import { checkName, checkOptionalName, inList, when } from '../meta/field-checks.ts';
import { checkBackend, checkPath } from './ingress-backends.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const noAddress = 'must be a DNS name, not an IP address';

export const ingresses = kindStrategy<Ingress>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  check: ({ spec }) => checkSpec(spec ?? {}),
  checkCreate: checkClassNames,
  checkStatusUpdate: ({ status }) =>
    inList(status?.loadBalancer?.ingress, 'status.loadBalancer.ingress', checkPoint),
  warn: ({ metadata }, old) =>
    old === null && Object.hasOwn(metadata?.annotations ?? {}, classAnnotation)
      ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
});

/** The annotation came first; both may stand for clients that know only one. */
function checkClassNames({ metadata, spec }: Ingress): readonly FieldError[] {
  const annotation = metadata?.annotations?.[classAnnotation];
  const name = spec?.ingressClassName;
  if (typeof annotation !== 'string' || typeof name !== 'string' || annotation === name) return [];
  const why = 'must match `ingressClassName` when both are specified';
  return [invalidValue(`annotations.${classAnnotation}`, annotation, why)];
}

function checkSpec({ rules, defaultBackend, tls, ingressClassName }: IngressSpec): FieldError[] {
  const isEmpty = (rules ?? []).length === 0 && !defaultBackend;
  const shown = rules ? '[]networking.IngressRule{}' : '[]networking.IngressRule(nil)';
  return [
    ...when(isEmpty, invalidShown('spec', shown, 'either `defaultBackend` or `rules` must be specified')),
    ...(defaultBackend ? checkBackend(defaultBackend, 'spec.defaultBackend') : []),
    ...inList(rules, 'spec.rules', checkRule),
    ...inList(tls, 'spec.tls', checkTls),
    ...(typeof ingressClassName === 'string'
      ? checkName(dnsSubdomain, ingressClassName, 'spec.ingressClassName')
      : []),
  ];
}

function checkRule({ host = '', http }: IngressRule, field: string): FieldError[] {
  const paths = `${field}.http.paths`;
  return [
    ...when(host !== '' && readAddress(host) !== null, invalidValue(`${field}.host`, host, noAddress)),
    ...(host === '' ? [] : checkHost(host, `${field}.host`)),
    ...when(Boolean(http) && (http?.paths ?? []).length === 0, required(paths)),
    ...inList(http?.paths, paths, checkPath),
  ];
}

function checkTls({ hosts, secretName }: IngressTLS, field: string): FieldError[] {
  return [
    ...inList(hosts, `${field}.hosts`, checkHost),
    ...checkOptionalName(dnsSubdomain, secretName, `${field}.secretName`),
  ];
}

function checkHost(host: string, field: string): FieldError[] {
  return checkName(host.includes('*') ? wildcardSubdomain : dnsSubdomain, host, field);
}

function checkPoint({ ip = '', hostname = '' }: IngressLoadBalancerIngress, field: string): FieldError[] {
  const at = `${field}.hostname`;
  return [
    ...(ip === '' ? [] : checkAddress(ip, `${field}.ip`)),
    ...checkOptionalName(dnsSubdomain, hostname, at),
    ...when(hostname !== '' && readAddress(hostname) !== null, invalidValue(at, hostname, noAddress)),
  ];
}

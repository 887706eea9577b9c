/** Network policies. (pkg/apis/networking, pkg/registry/networking/networkpolicy) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../apiserver/schemas/generated/types/api-networking-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidShown, invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkRangeOfAddresses, readRange } from '../meta/addresses.ts';
import { checkFilled, checkOptionalOneOf, inList, when } from '../meta/field-checks.ts';
import { each, withChanged } from '../meta/fill-in.ts';
import { showStrings } from '../meta/go-syntax.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkPortOrName } from '../meta/port-or-name.ts';
import { isWithin } from './ranges.ts';

const directions = ['Ingress', 'Egress'];

export const networkPolicies = kindStrategy<NetworkPolicy>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: false },
  fillIn: (object) => withChanged(object, { spec: fillInSpec }),
  check: ({ spec }) => (spec ? checkSpec(spec) : []),
});

function fillInSpec(spec: NetworkPolicySpec): NetworkPolicySpec {
  const ports = each<NetworkPolicyPort>((port) => ({ ...port, protocol: port.protocol ?? 'TCP' }));
  const filled = withChanged<NetworkPolicySpec>(spec, {
    ingress: each((rule) => withChanged(rule, { ports })),
    egress: each((rule) => withChanged(rule, { ports })),
  });
  if ((spec.policyTypes ?? []).length > 0) return filled;
  const hasEgress = (spec.egress ?? []).length > 0;
  return { ...filled, policyTypes: hasEgress ? directions : ['Ingress'] };
}

function checkSpec({ podSelector, ingress, egress, policyTypes }: NetworkPolicySpec): FieldError[] {
  return [
    ...checkLabelSelector(podSelector as JsonObject | undefined, 'spec.podSelector'),
    ...inList(ingress, 'spec.ingress', ({ ports, from }, field) => [
      ...inList(ports, `${field}.ports`, checkPort),
      ...inList(from, `${field}.from`, checkPeer),
    ]),
    ...inList(egress, 'spec.egress', ({ ports, to }, field) => [
      ...inList(ports, `${field}.ports`, checkPort),
      ...inList(to, `${field}.to`, checkPeer),
    ]),
    ...checkDirections(policyTypes ?? [], 'spec.policyTypes'),
  ];
}

function checkDirections(types: readonly string[], field: string): readonly FieldError[] {
  if (types.length > directions.length) {
    const shown = showStrings(types, 'networking.PolicyType');
    return [invalidShown(field, shown, 'may not specify more than two policyTypes')];
  }
  return inList(types, field, (type, at) => checkOptionalOneOf(type, at, directions));
}

function checkPort({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const [at, end] = [`${field}.port`, `${field}.endPort`];
  const hasEnd = endPort !== undefined && endPort !== null;
  const hasPort = port !== undefined && port !== null;
  const wrongEnd = (why: string): FieldError => invalidValue(end, endPort, why);
  return [
    ...checkOptionalOneOf(protocol, `${field}.protocol`, ['TCP', 'UDP', 'SCTP']),
    ...when(hasEnd && typeof port === 'string', wrongEnd('may not be specified when `port` is non-numeric')),
    ...(hasPort ? checkPortOrName(port, at) : []),
    ...when(
      hasEnd && typeof port === 'number' && endPort < port,
      wrongEnd('must be greater than or equal to `port`'),
    ),
    ...(hasEnd && typeof port === 'number' ? checkPortOrName(endPort, end) : []),
    ...when(hasEnd && !hasPort, wrongEnd('may not be specified when `port` is not specified')),
  ];
}

function checkPeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  field: string,
): FieldError[] {
  const isNone = !podSelector && !namespaceSelector && !ipBlock;
  const isBoth = Boolean(ipBlock) && Boolean(podSelector || namespaceSelector);
  return [
    ...checkLabelSelector(podSelector as JsonObject | undefined, `${field}.podSelector`),
    ...checkLabelSelector(namespaceSelector as JsonObject | undefined, `${field}.namespaceSelector`),
    ...(ipBlock ? checkIpBlock(ipBlock, `${field}.ipBlock`) : []),
    ...when(isNone, required(field, 'must specify a peer')),
    ...when(isBoth, forbiddenField(field, 'may not specify both ipBlock and another peer')),
  ];
}

function checkIpBlock({ cidr = '', except }: IPBlock, field: string): readonly FieldError[] {
  if (cidr === '') return checkFilled(cidr, `${field}.cidr`);
  const whole = readRange(cidr);
  if (whole === null) return checkRangeOfAddresses(cidr, `${field}.cidr`);
  return inList(except, `${field}.except`, (text, at) => {
    const part = readRange(text);
    if (part === null) return checkRangeOfAddresses(text, at);
    return when(
      !isWithin(part, whole) || part.length <= whole.length,
      invalidValue(at, text, 'must be a strict subset of `cidr`'),
    );
  });
}

/** What is wrong with a service. (pkg/apis/core/validation, ValidateService) Pure. */
import { dnsLabel, dnsSubdomain, labelKey } from '../../../apiserver/objects/name-rules.ts';
import type {
  Service,
  ServicePort,
  ServiceSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkAddress, checkOrdinaryAddress, checkRangeOfAddresses } from '../../meta/addresses.ts';
import {
  checkFilledName,
  checkFilledOneOf,
  checkName,
  checkOptionalOneOf,
  checkPort,
  inList,
  when,
} from '../../meta/field-checks.ts';
import { checkLabels } from '../../meta/label-selector.ts';
import { checkPortOrName } from '../../meta/port-or-name.ts';
import { protocols } from '../endpoints.ts';
import { checkTraffic } from './check-traffic.ts';
import { isHeadless } from './cluster-addresses.ts';

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const longestAffinitySeconds = 86400;
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";

export function checkService({ metadata, spec = {} }: Service): readonly FieldError[] {
  const { ports = [], type = '', externalIPs } = spec;
  const annotations = metadata?.annotations ?? {};
  return [
    ...checkTopology(annotations),
    ...when(ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName', required('spec.ports')),
    ...checkOfType(spec),
    ...checkPorts(ports),
    ...checkLabels(spec.selector ?? {}, 'spec.selector'),
    ...checkAffinity(spec),
    ...inList(externalIPs, 'spec.externalIPs', (address, at) => {
      const errors = checkAddress(address, at);
      return errors.length > 0 ? errors : checkOrdinaryAddress(address, at);
    }),
    ...checkFilledOneOf(type, 'spec.type', types),
    ...checkNodePorts(spec, ports),
    ...checkPairs(ports),
    ...checkSourceRanges(spec, annotations),
    ...checkBalancer(spec),
    ...checkTraffic(spec),
  ];
}

function checkTopology(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  const [hints, mode] = [annotations[hintsAnnotation], annotations[modeAnnotation]];
  const differ = hints !== undefined && mode !== undefined && hints !== mode;
  const why = `must match annotations[${hintsAnnotation}] when both are specified`;
  return when(differ, invalidValue(`metadata.annotations[${modeAnnotation}]`, mode, why));
}

function checkOfType(spec: ServiceSpec): readonly FieldError[] {
  switch (spec.type) {
    case 'LoadBalancer':
    case 'NodePort':
      return when(
        isHeadless(spec),
        invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`),
      );
    case 'ExternalName': {
      const forbidden = [
        ...((spec.clusterIPs ?? []).length > 0 ? ['clusterIPs'] : []),
        ...((spec.ipFamilies ?? []).length > 0 ? ['ipFamilies'] : []),
        ...(spec.ipFamilyPolicy === undefined ? [] : ['ipFamilyPolicy']),
      ];
      return [
        ...forbidden.map((name) =>
          forbiddenField(`spec.${name}`, 'may not be set for ExternalName services'),
        ),
        ...checkFilledName(dnsSubdomain, (spec.externalName ?? '').replace(/\.$/, ''), 'spec.externalName'),
      ];
    }
    default:
      return [];
  }
}

function checkPorts(ports: readonly ServicePort[]): readonly FieldError[] {
  const names = new Set<string>();
  return inList(ports, 'spec.ports', (port, at) => {
    const { name = '', targetPort = 0, appProtocol } = port;
    const isRepeated = names.has(name);
    names.add(name);
    return [
      ...when(ports.length > 1 && name === '', required(`${at}.name`)),
      ...(name === '' ? [] : checkName(dnsLabel, name, `${at}.name`)),
      ...when(name !== '' && isRepeated, duplicate(`${at}.name`, name)),
      ...checkPort(port.port, `${at}.port`),
      ...checkFilledOneOf(port.protocol, `${at}.protocol`, protocols),
      ...checkPortOrName(targetPort, `${at}.targetPort`),
      ...(appProtocol === undefined ? [] : checkName(labelKey, appProtocol, `${at}.appProtocol`)),
    ];
  });
}

function checkAffinity({ sessionAffinity = '', sessionAffinityConfig }: ServiceSpec): readonly FieldError[] {
  const field = 'spec.sessionAffinityConfig';
  const errors = checkFilledOneOf(sessionAffinity, 'spec.sessionAffinity', ['ClientIP', 'None']);
  if (sessionAffinity !== 'ClientIP') {
    const isForbidden = sessionAffinity === 'None' && sessionAffinityConfig !== undefined;
    const why = 'must not be set when session affinity is None';
    return [...errors, ...when(isForbidden, forbiddenField(field, why))];
  }
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  const why = 'when session affinity type is ClientIP';
  if (sessionAffinityConfig === undefined) return [...errors, required(field, why)];
  if (sessionAffinityConfig.clientIP === undefined) return [...errors, required(`${field}.clientIP`, why)];
  const at = `${field}.clientIP.timeoutSeconds`;
  if (seconds === undefined) return [...errors, required(at, why)];
  const limits = `must be greater than 0 and less than ${longestAffinitySeconds}`;
  const isWrong = seconds <= 0 || seconds > longestAffinitySeconds;
  return [...errors, ...when(isWrong, invalidValue(at, seconds, limits))];
}

function checkNodePorts({ type }: ServiceSpec, ports: readonly ServicePort[]): readonly FieldError[] {
  const seen = new Set<string>();
  const why = "may not be used when `type` is 'ClusterIP'";
  return [
    ...inList(ports, 'spec.ports', ({ nodePort = 0 }, at) =>
      when(type === 'ClusterIP' && nodePort !== 0, forbiddenField(`${at}.nodePort`, why)),
    ),
    ...inList(ports, 'spec.ports', ({ nodePort = 0, protocol }, at) => {
      const key = `${protocol}/${nodePort}`;
      const isRepeated = nodePort !== 0 && seen.has(key);
      seen.add(key);
      return when(isRepeated, duplicate(`${at}.nodePort`, nodePort));
    }),
  ];
}

function checkPairs(ports: readonly ServicePort[]): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(ports, 'spec.ports', ({ port, protocol = '' }, at) => {
    const key = `${protocol}/${port}`;
    const isRepeated = seen.has(key);
    seen.add(key);
    const shown = `core.ServicePort{Name:"", Protocol:${JSON.stringify(protocol)}, AppProtocol:(*string)(nil), Port:${port}, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}`;
    return when(isRepeated, {
      ...{ reason: 'FieldValueDuplicate', field: at },
      message: `Duplicate value: ${shown}`,
    });
  });
}

function checkSourceRanges(
  { type, loadBalancerSourceRanges: ranges = [] }: ServiceSpec,
  annotations: Readonly<Record<string, string>>,
): readonly FieldError[] {
  const isBalanced = type === 'LoadBalancer';
  if (ranges.length > 0) {
    // The real server names this field so; and the values may be padded.
    const field = 'spec.LoadBalancerSourceRanges';
    return [
      ...when(!isBalanced, forbiddenField(field, onlyBalanced)),
      ...inList(ranges, field, (range, at) => checkRangeOfAddresses(range.trim(), at)),
    ];
  }
  const annotation = annotations[rangesAnnotation];
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${rangesAnnotation}]`;
  const values = annotation.trim() === '' ? [] : annotation.split(',');
  return [
    ...when(!isBalanced, forbiddenField(field, onlyBalanced)),
    ...values.flatMap((range) => checkRangeOfAddresses(range.trim(), field)),
  ];
}

function checkBalancer(spec: ServiceSpec): readonly FieldError[] {
  const { type, allocateLoadBalancerNodePorts, loadBalancerClass, trafficDistribution } = spec;
  const isBalanced = type === 'LoadBalancer';
  const given = [
    ...(allocateLoadBalancerNodePorts === undefined ? [] : ['allocateLoadBalancerNodePorts']),
    ...(loadBalancerClass === undefined ? [] : ['loadBalancerClass']),
  ];
  return [
    ...(isBalanced ? [] : given.map((name) => forbiddenField(`spec.${name}`, onlyBalanced))),
    ...when(
      isBalanced && allocateLoadBalancerNodePorts === undefined,
      required('allocateLoadBalancerNodePorts'),
    ),
    ...(isBalanced && loadBalancerClass !== undefined
      ? checkName(labelKey, loadBalancerClass, 'spec.loadBalancerClass')
      : []),
    ...checkOptionalOneOf(trafficDistribution, 'spec.trafficDistribution', ['PreferClose']),
  ];
}

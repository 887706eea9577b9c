/** What is wrong with the wanted state of a pod, or of a template for pods. (pkg/apis/core/validation, ValidatePodSpec) Pure. */
import { dnsLabel, dnsSubdomain, labelKey } from '../../../apiserver/objects/name-rules.ts';
import type { PodDNSConfig, PodSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidShown, invalidValue, required } from '../../field-errors.ts';
import { checkAddress } from '../../meta/addresses.ts';
import {
  checkFilledOneOf,
  checkName,
  checkOptionalName,
  checkRange,
  inList,
  when,
} from '../../meta/field-checks.ts';
import { showStrings } from '../../meta/go-syntax.ts';
import { checkLabels } from '../../meta/label-selector.ts';
import { serviceAccountName } from '../../meta/names.ts';
import { checkRequirements } from '../resource-requirements.ts';
import { checkTolerations } from '../taints.ts';
import { checkAffinity, checkSpread } from './check-affinity.ts';
import { checkContainers } from './check-containers.ts';
import { checkPodSecurity } from './check-security.ts';
import { checkVolumes } from './check-volumes.ts';
import { checkHostProcesses, checkSystem } from './check-windows.ts';

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const largestSeconds = 2147483647;

export interface PodSpecContext {
  readonly isPod: boolean;
  /** Null: each pod will have a name of its own. */
  readonly podName: string | null;
}

export function checkPodSpec(spec: PodSpec, field: string, context: PodSpecContext): readonly FieldError[] {
  const volumes = checkVolumes(spec.volumes, context.podName, `${field}.volumes`);
  return [
    ...when(
      spec.terminationGracePeriodSeconds === undefined,
      required(`${field}.terminationGracePeriodSeconds`),
    ),
    ...volumes.errors,
    ...checkContainers(spec, volumes.valid, field),
    ...checkHostNetwork(spec, field, context.isPod),
    ...checkFilledOneOf(spec.restartPolicy, `${field}.restartPolicy`, ['Always', 'OnFailure', 'Never']),
    ...checkFilledOneOf(spec.dnsPolicy, `${field}.dnsPolicy`, dnsPolicies),
    ...checkLabels(spec.nodeSelector ?? {}, `${field}.nodeSelector`),
    ...checkPodSecurity(spec, `${field}.securityContext`),
    ...checkAffinity(spec.affinity, `${field}.affinity`),
    ...checkDns(spec, `${field}.dnsConfig`),
    ...inList(spec.readinessGates, `${field}.readinessGates`, ({ conditionType }, at) =>
      checkName(labelKey, conditionType, `${at}.conditionType`),
    ),
    ...checkGates(spec, `${field}.schedulingGates`),
    ...checkSpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    ...checkHostProcesses(spec, field),
    ...checkNames(spec, field),
    ...checkRange(spec.activeDeadlineSeconds, `${field}.activeDeadlineSeconds`, 1, largestSeconds),
    ...checkTolerations(spec.tolerations, `${field}.tolerations`),
    ...inList(spec.hostAliases, `${field}.hostAliases`, ({ ip, hostnames }, at) => [
      ...checkAddress(ip, `${at}.ip`),
      ...inList(hostnames, `${at}.hostnames`, (name, place) => checkName(dnsSubdomain, name, place)),
    ]),
    ...checkRest(spec, field),
    ...checkSystem(spec, field),
  ];
}

function checkNames(spec: PodSpec, field: string): readonly FieldError[] {
  return [
    ...checkOptionalName(serviceAccountName, spec.serviceAccountName, `${field}.serviceAccountName`),
    ...checkOptionalName(dnsSubdomain, spec.nodeName, `${field}.nodeName`),
    ...checkOptionalName(dnsLabel, spec.hostname, `${field}.hostname`),
    ...checkOptionalName(dnsLabel, spec.subdomain, `${field}.subdomain`),
    ...checkOptionalName(dnsSubdomain, spec.priorityClassName, `${field}.priorityClassName`),
  ];
}

function checkRest(spec: PodSpec, field: string): readonly FieldError[] {
  const { runtimeClassName, preemptionPolicy, overhead } = spec;
  const policies = ['PreemptLowerPriority', 'Never'];
  return [
    ...(runtimeClassName === undefined
      ? []
      : checkName(dnsSubdomain, runtimeClassName, `${field}.runtimeClassName`)),
    ...(preemptionPolicy === undefined
      ? []
      : checkFilledOneOf(preemptionPolicy, `${field}.preemptionPolicy`, policies)),
    ...(overhead === undefined ? [] : checkRequirements({ limits: overhead }, `${field}.overhead`, [])),
  ];
}

/** There a port is the node's own; a template may leave it open, and its pods are filled in. */
function checkHostNetwork(spec: PodSpec, field: string, isPod: boolean): readonly FieldError[] {
  if (spec.hostNetwork !== true) return [];
  const why = 'must match `containerPort` when `hostNetwork` is true';
  return inList(spec.containers, `${field}.containers`, ({ ports }, at) =>
    inList(ports, `${at}.ports`, ({ hostPort = 0, containerPort }, place) =>
      when(
        (isPod || hostPort !== 0) && hostPort !== containerPort,
        invalidValue(`${place}.hostPort`, hostPort, why),
      ),
    ),
  );
}

function checkGates({ schedulingGates }: PodSpec, field: string): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(schedulingGates, field, ({ name }, at) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    return [...checkName(labelKey, name, at), ...when(isRepeated, duplicate(at, name))];
  });
}

function checkDns({ dnsPolicy, dnsConfig }: PodSpec, field: string): readonly FieldError[] {
  const hasNone = dnsPolicy === 'None';
  if (hasNone && dnsConfig === undefined) {
    return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  }
  if (hasNone && (dnsConfig?.nameservers ?? []).length === 0) {
    const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    return [required(`${field}.nameservers`, why)];
  }
  return dnsConfig === undefined ? [] : checkDnsConfig(dnsConfig, field);
}

/** The limits are those of the C library's resolver. */
function checkDnsConfig(config: PodDNSConfig, field: string): readonly FieldError[] {
  const { nameservers = [], searches = [], options } = config;
  const at = `${field}.searches`;
  const shown = showStrings(searches);
  const tooWide = 'must not have more than 2048 characters (including spaces) in the search list';
  return [
    ...when(
      nameservers.length > 3,
      invalidShown(`${field}.nameservers`, showStrings(nameservers), 'must not have more than 3 nameservers'),
    ),
    ...inList(nameservers, `${field}.nameservers`, checkAddress),
    ...when(searches.length > 32, invalidShown(at, shown, 'must not have more than 32 search paths')),
    ...when(searches.join(' ').length > 2048, invalidShown(at, shown, tooWide)),
    ...inList(searches, at, (search, place) => checkName(dnsSubdomain, search.replace(/\.$/, ''), place)),
    ...inList(options, `${field}.options`, ({ name = '' }, place) =>
      when(name === '', required(place, 'must not be empty')),
    ),
  ];
}

/** Beside what templates are checked for. */
export function checkOnlyOfPod(spec: PodSpec, field: string): readonly FieldError[] {
  if ((spec.serviceAccountName ?? '') !== '') return [];
  const why = 'must not be specified when serviceAccountName is not set';
  return inList(spec.volumes, `${field}.volumes`, ({ projected }, at) =>
    inList(projected?.sources, `${at}.projected.sources`, ({ serviceAccountToken }, place) =>
      when(serviceAccountToken !== undefined, forbiddenField(`${place}.serviceAccountToken`, why)),
    ),
  );
}

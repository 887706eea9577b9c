/** What nothing but a privileged pod may do. (k8s.io/pod-security-admission/policy) Pure. */
import type { PodSpec, SELinuxOptions } from '../../schemas/generated/types/api-core-v1.ts';
import type { Check } from './checks.ts';
import { containersOf, distinct, nameAll, plural, quoteAll, settersOf, type Violation } from './words.ts';

export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', since: 0, check: (pod) => checkAppArmor(pod.spec, pod.annotations) },
  { id: 'capabilities_baseline', since: 0, isCovered: true, check: ({ spec }) => checkCapabilities(spec) },
  { id: 'hostNamespaces', since: 0, check: ({ spec }) => checkHostNamespaces(spec) },
  { id: 'hostPathVolumes', since: 0, isCovered: true, check: ({ spec }) => checkHostPaths(spec) },
  { id: 'hostPorts', since: 0, check: ({ spec }) => checkHostPorts(spec) },
  { id: 'privileged', since: 0, check: ({ spec }) => checkPrivileged(spec) },
  { id: 'procMount', since: 0, check: ({ spec }) => checkProcMount(spec) },
  { id: 'seLinuxOptions', since: 0, check: ({ spec }, version) => checkSeLinux(spec, version) },
  {
    ...{ id: 'seccompProfile_baseline', since: 0, isCovered: true },
    check: ({ spec, annotations }, version) =>
      version < 19 ? checkSeccompAnnotations(spec, annotations) : checkSeccomp(spec),
  },
  { id: 'sysctls', since: 0, check: ({ spec }, version) => checkSysctls(spec, version) },
  { id: 'windowsHostProcess', since: 0, check: ({ spec }) => checkHostProcess(spec) },
];

type Annotations = Readonly<Record<string, string>>;

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

function checkAppArmor(spec: PodSpec, annotations: Annotations): Violation | null {
  const isBad = (type: string | undefined): boolean =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const ofPod = spec.securityContext?.appArmorProfile?.type;
  const bad = containersOf(spec).filter((one) => isBad(one.securityContext?.appArmorProfile?.type));
  const types = bad.map((one) => one.securityContext?.appArmorProfile?.type ?? '');
  const values = distinct([...types, ...(isBad(ofPod) ? [ofPod as string] : [])]);
  const noted = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isAllowedProfile(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const all = [...values, ...(noted.length === 0 ? [] : [noted.join(', ')])];
  if (all.length === 0) return null;
  const setters = [
    ...(settersOf(isBad(ofPod), bad) === '' ? [] : [settersOf(isBad(ofPod), bad)]),
    ...(noted.length === 0 ? [] : [plural('annotation', noted.length)]),
  ];
  return {
    reason: plural('forbidden AppArmor profile', all.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoteAll(all)}`,
  };
}

function isAllowedProfile(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/');
}

const usualCapabilities: ReadonlySet<string> = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

function checkCapabilities(spec: PodSpec): Violation | null {
  const added = (one: ReturnType<typeof containersOf>[number]): readonly string[] =>
    (one.securityContext?.capabilities?.add ?? []).filter((name) => !usualCapabilities.has(name));
  const bad = containersOf(spec).filter((one) => added(one).length > 0);
  if (bad.length === 0) return null;
  const names = quoteAll(distinct(bad.flatMap(added)));
  return {
    reason: 'non-default capabilities',
    detail: `${nameAll(bad)} must not include ${names} in securityContext.capabilities.add`,
  };
}

function checkHostNamespaces(spec: PodSpec): Violation | null {
  const shared = (['hostIPC', 'hostNetwork', 'hostPID'] as const).filter((name) => spec[name] === true);
  return shared.length === 0 ? null : { reason: 'host namespaces', detail: [...shared].sort().join(', ') };
}

function checkHostPaths({ volumes = [] }: PodSpec): Violation | null {
  const bad = volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name ?? '');
  if (bad.length === 0) return null;
  return { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${quoteAll(bad)}` };
}

function checkHostPorts(spec: PodSpec): Violation | null {
  const portsOf = (one: ReturnType<typeof containersOf>[number]): readonly string[] =>
    (one.ports ?? []).filter(({ hostPort = 0 }) => hostPort !== 0).map(({ hostPort }) => String(hostPort));
  const bad = containersOf(spec).filter((one) => portsOf(one).length > 0);
  if (bad.length === 0) return null;
  const ports = distinct(bad.flatMap(portsOf));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${nameAll(bad)} ${verb} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
}

function checkPrivileged(spec: PodSpec): Violation | null {
  const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return null;
  return { reason: 'privileged', detail: `${nameAll(bad)} must not set securityContext.privileged=true` };
}

function checkProcMount(spec: PodSpec): Violation | null {
  const bad = containersOf(spec).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  );
  if (bad.length === 0) return null;
  const types = distinct(bad.map(({ securityContext }) => securityContext?.procMount ?? ''));
  return {
    reason: 'procMount',
    detail: `${nameAll(bad)} must not set securityContext.procMount to ${quoteAll(types)}`,
  };
}

const seLinuxTypes: ReadonlySet<string> = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t']);

function checkSeLinux(spec: PodSpec, version: number): Violation | null {
  const isBadType = (type: string): boolean =>
    !seLinuxTypes.has(type) && !(version >= 31 && type === 'container_engine_t');
  const isBad = (options: SELinuxOptions | undefined): boolean =>
    options !== undefined &&
    (isBadType(options.type ?? '') || (options.user ?? '') !== '' || (options.role ?? '') !== '');
  const ofPod = spec.securityContext?.seLinuxOptions;
  const bad = containersOf(spec).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
  if (bad.length === 0 && !isBad(ofPod)) return null;
  const all = [ofPod, ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions)];
  const types = distinct(all.map((options) => options?.type ?? '').filter(isBadType));
  const what = [
    ...(types.length === 0 ? [] : [`${plural('type', types.length)} ${quoteAll(types)}`]),
    ...(all.some((options) => (options?.user ?? '') !== '') ? ['user may not be set'] : []),
    ...(all.some((options) => (options?.role ?? '') !== '') ? ['role may not be set'] : []),
  ];
  const setters = settersOf(isBad(ofPod), bad);
  return {
    reason: 'seLinuxOptions',
    detail: `${setters} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
  };
}

const seccompAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

function checkSeccompAnnotations(spec: PodSpec, annotations: Annotations): Violation | null {
  const keys = [seccompAnnotation, ...containersOf(spec).map(({ name }) => `${seccompPrefix}${name}`)];
  const isGood = (value: string): boolean =>
    value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
  const bad = distinct(
    keys.flatMap((key) => {
      const value = Object.hasOwn(annotations, key) ? (annotations[key] as string) : null;
      return value === null || isGood(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return null;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`,
  };
}

/** What sets another profile than those. The restricted level asks the same, and for one to be set. */
export function checkSeccomp(spec: PodSpec): Violation | null {
  const ofPod = spec.securityContext?.seccompProfile?.type;
  const typeOf = (one: ReturnType<typeof containersOf>[number]): string | undefined =>
    one.securityContext?.seccompProfile?.type;
  const bad = containersOf(spec).filter((one) => isBadSeccomp(typeOf(one)));
  if (bad.length === 0 && !isBadSeccomp(ofPod)) return null;
  const types = distinct([
    ...bad.map((one) => typeOf(one) ?? ''),
    ...(isBadSeccomp(ofPod) ? [ofPod ?? ''] : []),
  ]);
  const setters = settersOf(isBadSeccomp(ofPod), bad);
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoteAll(types)}`,
  };
}

function isBadSeccomp(type: string | undefined): boolean {
  return type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
}

/** Those that change nothing outside the pod, with the version since which that is known. */
const safeSysctls: Readonly<Record<string, number>> = {
  ...{ 'kernel.shm_rmid_forced': 0, 'net.ipv4.ip_local_port_range': 0, 'net.ipv4.tcp_syncookies': 0 },
  ...{ 'net.ipv4.ping_group_range': 0, 'net.ipv4.ip_unprivileged_port_start': 0 },
  ...{ 'net.ipv4.ip_local_reserved_ports': 27, 'net.ipv4.tcp_keepalive_time': 29 },
  ...{ 'net.ipv4.tcp_fin_timeout': 29, 'net.ipv4.tcp_keepalive_intvl': 29 },
  ...{ 'net.ipv4.tcp_keepalive_probes': 29, 'net.ipv4.tcp_rmem': 32, 'net.ipv4.tcp_wmem': 32 },
};

function checkSysctls({ securityContext }: PodSpec, version: number): Violation | null {
  const names = (securityContext?.sysctls ?? []).map(({ name }) => name ?? '');
  const isSafe = (name: string): boolean => Object.hasOwn(safeSysctls, name) && safeSysctls[name]! <= version;
  const bad = names.filter((name) => !isSafe(name));
  return bad.length === 0 ? null : { reason: 'forbidden sysctls', detail: bad.join(', ') };
}

function checkHostProcess(spec: PodSpec): Violation | null {
  const isPod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const bad = containersOf(spec).filter(
    ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true,
  );
  if (!isPod && bad.length === 0) return null;
  const setters = settersOf(isPod, bad);
  return {
    reason: 'hostProcess',
    detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
  };
}

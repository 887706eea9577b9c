/** What a pod and its containers may do on a node. (pkg/apis/core/validation) Pure. */
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import {
  duplicate,
  invalidShown,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../field-errors.ts';
import { checkOneOf, checkOptionalOneOf, checkUserId, inList, when } from '../../meta/field-checks.ts';
import { checkDescendingPath } from '../volumes/paths.ts';
import { checkWindowsOptions } from './check-windows.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

export function checkPodSecurity(spec: PodSpec, field: string): readonly FieldError[] {
  const context = spec.securityContext;
  if (context === undefined) return [];
  const sharesTwice = spec.shareProcessNamespace === true && spec.hostPID === true;
  return [
    ...checkUserId(context.fsGroup, `${field}.fsGroup`),
    ...checkUserId(context.runAsUser, `${field}.runAsUser`),
    ...checkUserId(context.runAsGroup, `${field}.runAsGroup`),
    ...inList(context.supplementalGroups, `${field}.supplementalGroups`, checkUserId),
    ...when(
      sharesTwice,
      invalidValue(
        `${field}.shareProcessNamespace`,
        true,
        'ShareProcessNamespace and HostPID cannot both be enabled',
      ),
    ),
    ...checkSysctls(spec, context, `${field}.sysctls`),
    ...checkOptionalOneOf(context.fsGroupChangePolicy, `${field}.fsGroupChangePolicy`, [
      ...['Always', 'OnRootMismatch'],
    ]),
    ...checkSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...checkWindowsOptions(context.windowsOptions, `${field}.windowsOptions`),
    ...checkAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

export function checkContainerSecurity(
  context: SecurityContext | undefined,
  field: string,
): readonly FieldError[] {
  if (context === undefined) return [];
  const { procMount, privileged, allowPrivilegeEscalation, capabilities } = context;
  const isHeld = allowPrivilegeEscalation === false;
  const contradicts = (what: string): FieldError =>
    invalidValue(field, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  return [
    ...checkUserId(context.runAsUser, `${field}.runAsUser`),
    ...checkUserId(context.runAsGroup, `${field}.runAsGroup`),
    ...(procMount === undefined ? [] : checkOneOf(procMount, `${field}.procMount`, ['Default', 'Unmasked'])),
    ...checkSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...when(isHeld && privileged === true, contradicts('`privileged` to true')),
    ...(isHeld ? (capabilities?.add ?? []) : [])
      .filter((name) => name === 'CAP_SYS_ADMIN')
      .map((name) => contradicts(`\`capabilities.Add\` ${name}`)),
    ...checkWindowsOptions(context.windowsOptions, `${field}.windowsOptions`),
    ...checkAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

function checkSeccomp(profile: SeccompProfile | undefined, field: string): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  const isLocal = type === 'Localhost';
  const only = 'can only be set when seccomp type is Localhost';
  const ofProfile = isLocal
    ? localhostProfile === undefined
      ? [required(at, 'must be set when seccomp type is Localhost')]
      : checkDescendingPath(localhostProfile, at)
    : when(localhostProfile !== undefined, invalidValue(at, profile, only));
  return [...checkProfileType(type, 'seccompProfile', `${field}.type`), ...ofProfile];
}

export function checkAppArmor(profile: AppArmorProfile | undefined, field: string): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile: path } = profile;
  const at = `${field}.localhostProfile`;
  if (type !== 'Localhost') {
    const errors = checkProfileType(type, 'appArmorProfile', `${field}.type`);
    const isWrong = errors.length === 0 && path !== undefined;
    return [
      ...errors,
      ...when(isWrong, invalidValue(at, path, 'can only be set when AppArmor type is Localhost')),
    ];
  }
  const missing = required(at, 'must be set when AppArmor type is Localhost');
  if (path === undefined) return [missing];
  return [
    ...(path.trim() !== path
      ? [invalidValue(at, path, 'must not be padded with whitespace')]
      : when(path === '', missing)),
    ...when(Buffer.byteLength(path) > 4095, tooLong(at, 4095)),
  ];
}

function checkProfileType(type: string | undefined, name: string, field: string): readonly FieldError[] {
  if (!type) return [required(field, `type is required when ${name} is set`)];
  return when(!profileTypes.includes(type), notSupported(field, type, profileTypes));
}

const sysctlWords = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlName = `^(${sysctlWords}[\\./])*${sysctlWords}$`;
const longestSysctl = 253;

function checkSysctls(spec: PodSpec, context: PodSecurityContext, field: string): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(context.sysctls, field, ({ name }: Sysctl, at) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    const why = `must have at most ${longestSysctl} characters and match regex ${sysctlName}`;
    const ofName =
      name === ''
        ? [required(`${at}.name`)]
        : isSysctl(name)
          ? when(isRepeated, duplicate(`${at}.name`, name))
          : [invalidValue(`${at}.name`, name, why)];
    return [...ofName, ...checkOfHost(spec, name, `${at}.name`)];
  });
}

function isSysctl(name: string): boolean {
  return (
    name.length <= longestSysctl &&
    name.split(/[./]/).every((part) => /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/.test(part))
  );
}

/** In the node's own namespace the setting would be the node's. */
function checkOfHost({ hostNetwork, hostIPC }: PodSpec, name: string, field: string): readonly FieldError[] {
  const dotted = name.replaceAll('/', '.');
  const isOfNetwork = dotted.startsWith('net.');
  const isOfIpc = /^(kernel\.(shm|msg)|fs\.mqueue\.)|^kernel\.sem$/.test(dotted);
  const why = (what: string): FieldError =>
    invalidShown(field, JSON.stringify(name), `may not be specified when '${what}' is true`);
  return [
    ...when(hostNetwork === true && isOfNetwork, why('hostNetwork')),
    ...when(hostIPC === true && isOfIpc, why('hostIPC')),
  ];
}

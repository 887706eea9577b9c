/** What a pod says of Windows, and which fields a pod of one system cannot have. (pkg/apis/core/validation) Pure. */
import { dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type {
  PodSecurityContext,
  PodSpec,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkName, when } from '../../meta/field-checks.ts';
import { allContainers } from './all-containers.ts';

const longestSpecKiB = 64;

export function checkWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  field: string,
): readonly FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const at = `${field}.gmsaCredentialSpec`;
  const isTooLong = Buffer.byteLength(spec ?? '') > longestSpecKiB * 1024;
  return [
    ...(name === undefined ? [] : checkName(dnsSubdomain, name, `${field}.gmsaCredentialSpecName`)),
    ...when(spec === '', invalidValue(at, spec, 'gmsaCredentialSpec cannot be an empty string')),
    ...when(isTooLong, invalidValue(at, spec, `gmsaCredentialSpec size must be under ${longestSpecKiB} KiB`)),
    ...(user === undefined
      ? []
      : whyNoUser(user).map((why) => invalidValue(`${field}.runAsUserName`, user, `runAsUserName${why}`))),
  ];
}

/** `USER` or `DOMAIN\USER`. */
function whyNoUser(text: string): readonly string[] {
  if (text === '') return [' cannot be an empty string'];
  if (/\p{Cc}/u.test(text)) return [' cannot contain control characters'];
  const parts = text.split('\\');
  if (parts.length > 2) return [' cannot contain more than one backslash'];
  const user = parts.at(-1) as string;
  const domain = parts.length === 2 ? (parts[0] as string) : null;
  return [
    ...(domain !== null && domain.length >= 256 ? ["'s Domain length must be under 256 characters"] : []),
    ...(domain === null || isDomain(domain)
      ? []
      : ["'s Domain doesn't match the NetBios nor the DNS format"]),
    ...(user === '' ? ["'s User cannot be empty"] : []),
    ...(user.length > 104 ? ["'s User length must not be longer than 104 characters"] : []),
    ...(/^[. ]+$/.test(user) ? ["'s User cannot contain only periods or spaces"] : []),
    ...(/["/\\:;|=,+*?<>@[\]]/.test(user)
      ? ['\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]']
      : []),
  ];
}

function isDomain(text: string): boolean {
  const isNetBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/.test(text);
  const isDns = text
    .split('.')
    .every((label) => /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(label));
  return isNetBios || isDns;
}

/** Processes of the host: all containers of a pod, or none. */
export function checkHostProcesses(spec: PodSpec, field: string): readonly FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = allContainers(spec, field);
  const own = containers.map(({ container }) => container.securityContext?.windowsOptions?.hostProcess);
  const differing = containers.flatMap(({ field: at }, index) => {
    const value = own[index];
    const differs = ofPod !== undefined && value !== undefined && value !== ofPod;
    const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    return when(differs, invalidValue(`${at}.securityContext.windowsOptions.hostProcess`, value, why));
  });
  const count = own.filter((value) => value ?? ofPod).length;
  if (count === 0) return differing;
  const all = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
  const network = 'hostNetwork must be true if pod contains any hostProcess containers';
  return [
    ...differing,
    ...when(count !== containers.length, invalidValue(field, '', all)),
    ...when(spec.hostNetwork !== true, invalidValue(`${field}.hostNetwork`, false, network)),
  ];
}

const linuxOfPod: readonly (keyof PodSecurityContext)[] = [
  ...(['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy'] as const),
  ...(['sysctls', 'runAsUser', 'runAsGroup', 'supplementalGroups'] as const),
  ...(['supplementalGroupsPolicy', 'seLinuxChangePolicy'] as const),
];
const linuxOfContainer: readonly (keyof SecurityContext)[] = [
  ...(['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities'] as const),
  ...(['readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount'] as const),
  ...(['runAsUser', 'runAsGroup'] as const),
];

export function checkSystem(spec: PodSpec, field: string): readonly FieldError[] {
  const name = spec.os?.name;
  switch (name) {
    case undefined:
      return [];
    case '':
      return [required(`${field}.os.name`, 'cannot be empty')];
    case 'linux':
      return checkLinux(spec, field);
    case 'windows':
      return checkWindows(spec, field);
    default:
      return [notSupported(`${field}.os`, name, ['linux', 'windows'])];
  }
}

function checkLinux(spec: PodSpec, field: string): readonly FieldError[] {
  const contexts = [
    { context: spec.securityContext, at: field },
    ...allContainers(spec, field).map(({ container, field: at }) => ({
      context: container.securityContext,
      at,
    })),
  ];
  return contexts
    .filter(({ context }) => context?.windowsOptions !== undefined)
    .map(({ at }) =>
      forbiddenField(`${at}.securityContext.windowsOptions`, 'windows options cannot be set for a linux pod'),
    );
}

function checkWindows(spec: PodSpec, field: string): readonly FieldError[] {
  const ofSpec = (['hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  const shared = spec.shareProcessNamespace === undefined ? [] : ['shareProcessNamespace'];
  const ofPod = linuxOfPod.filter((name) => spec.securityContext?.[name] !== undefined);
  const places = [
    ...[...ofSpec, ...shared].map((name) => `${field}.${name}`),
    ...ofPod.map((name) => `${field}.securityContext.${name}`),
    ...allContainers(spec, field).flatMap(({ container, field: at }) =>
      linuxOfContainer
        .filter((name) => container.securityContext?.[name] !== undefined)
        .map((name) => `${at}.securityContext.${name}`),
    ),
  ];
  return places.map((place) => forbiddenField(place, 'cannot be set for a windows pod'));
}

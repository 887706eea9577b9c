/** What a kubelet, or the scheduler, may say of a pod. (pkg/apis/core/validation, ValidatePodStatusUpdate) Pure. */
import { dnsSubdomain, labelKey } from '../../../apiserver/objects/name-rules.ts';
import type {
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidValue } from '../../field-errors.ts';
import { checkAddress, isDualStack, readAddress } from '../../meta/addresses.ts';
import { checkName, inList, when } from '../../meta/field-checks.ts';

const ownConditions = ['PodScheduled', 'Ready', 'Initialized'];

export function checkPodStatus(next: Pod, old: Pod): readonly FieldError[] {
  const [after, before] = [next.status ?? {}, old.status ?? {}] as const;
  const spec = old.spec ?? { containers: [] };
  const nominated = after.nominatedNodeName ?? '';
  const isNominated = nominated !== '' && nominated !== before.nominatedNodeName;
  return [
    ...inList(after.conditions, 'metadata.conditions', ({ type }, at) =>
      ownConditions.includes(type) ? [] : checkName(labelKey, type, `${at}.Type`),
    ),
    ...(isNominated ? checkName(dnsSubdomain, nominated, 'status.nominatedNodeName') : []),
    ...when(
      (after.qosClass ?? '') !== (before.qosClass ?? ''),
      invalidValue('status.qosClass', after.qosClass ?? '', 'field is immutable'),
    ),
    ...checkStates(after, before, spec),
    ...checkPodAddresses(after),
    ...checkHostAddresses(after),
  ];
}

function checkStates(after: PodStatus, before: PodStatus, spec: PodSpec): readonly FieldError[] {
  const { restartPolicy = '', initContainers = [] } = spec;
  const restarting = initContainers.filter((one) => one.restartPolicy === 'Always').map(({ name }) => name);
  const check = (
    list: 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses',
    policy: string,
    exempt: readonly string[],
  ) => checkStayTerminated(after[list] ?? [], before[list] ?? [], policy, exempt, `status.${list}`);
  return [
    ...check('containerStatuses', restartPolicy, []),
    ...check('initContainerStatuses', restartPolicy, restarting),
    // These are never started again.
    ...check('ephemeralContainerStatuses', 'Never', []),
  ];
}

function checkStayTerminated(
  next: readonly ContainerStatus[],
  old: readonly ContainerStatus[],
  policy: string,
  exempt: readonly string[],
  field: string,
): readonly FieldError[] {
  if (policy === 'Always') return [];
  const running = new Set(next.filter((one) => one.state?.terminated === undefined).map(({ name }) => name));
  const stays = new Set(exempt);
  return inList(old, field, ({ name, state }, at) => {
    const mayRestart = policy === 'OnFailure' && state?.terminated?.exitCode !== 0;
    if (state?.terminated === undefined || mayRestart || stays.has(name)) return [];
    const why = 'may not be transitioned to non-terminated state';
    return when(running.has(name), forbiddenField(`${at}.state`, why));
  });
}

function checkPodAddresses({ podIPs = [] }: PodStatus): readonly FieldError[] {
  const field = 'status.podIPs';
  return [...inList(podIPs, field, ({ ip }, at) => checkAddress(ip, at)), ...checkFamilies(podIPs, field)];
}

function checkHostAddresses({ hostIP = '', hostIPs = [] }: PodStatus): readonly FieldError[] {
  const field = 'status.hostIPs';
  const [first] = hostIPs;
  return [
    ...when(
      first !== undefined && first.ip !== hostIP,
      invalidValue(`${field}[0].ip`, first?.ip, 'must be equal to `hostIP`'),
    ),
    ...inList(hostIPs, field, ({ ip }, at) => checkAddress(ip, at)),
    ...checkFamilies(hostIPs, field),
  ];
}

function checkFamilies(addresses: readonly { readonly ip: string }[], field: string): readonly FieldError[] {
  if (addresses.length < 2) return [];
  const families = addresses.map(({ ip }) => readAddress(ip)?.family);
  const isWrong = addresses.length > 2 || !isDualStack(families);
  const seen = new Set<string>();
  return [
    ...when(isWrong, invalidValue(field, addresses, 'may specify no more than one IP for each IP family')),
    ...inList(addresses, field, (address, at) => {
      const isRepeated = seen.has(address.ip);
      seen.add(address.ip);
      return when(isRepeated, duplicate(at, address));
    }),
  ];
}

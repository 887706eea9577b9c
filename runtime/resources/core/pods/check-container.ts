/** What every container has to be like. (pkg/apis/core/validation, validateContainerCommon) Pure. */
import { dnsLabel } from '../../../apiserver/objects/name-rules.ts';
import type {
  Container,
  ContainerPort,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, invalidValue, required } from '../../field-errors.ts';
import {
  checkFilled,
  checkFilledName,
  checkFilledOneOf,
  checkName,
  checkPort,
  inList,
  when,
} from '../../meta/field-checks.ts';
import { portName } from '../../meta/names.ts';
import { protocols } from '../endpoints.ts';
import { checkRequirements } from '../resource-requirements.ts';
import { checkDevices, checkMounts, type Volumes } from './check-mounts.ts';
import { checkContainerSecurity } from './check-security.ts';
import { checkVariableSources, checkVariables } from './check-variables.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];

export function checkContainer(
  container: Container,
  spec: PodSpec,
  volumes: Volumes,
  field: string,
): readonly FieldError[] {
  const claims = (spec.resourceClaims ?? []).map(({ name }) => name);
  return [
    ...checkFilledName(dnsLabel, container.name, `${field}.name`),
    ...checkFilled(container.image, `${field}.image`),
    ...checkFilledOneOf(
      container.terminationMessagePolicy,
      `${field}.terminationMessagePolicy`,
      messagePolicies,
    ),
    ...checkPorts(container.ports, `${field}.ports`),
    ...checkVariables(container.env, `${field}.env`),
    ...checkVariableSources(container.envFrom, `${field}.envFrom`),
    ...checkMounts(container, volumes, `${field}.volumeMounts`),
    ...checkDevices(container, volumes, `${field}.volumeDevices`),
    ...checkFilledOneOf(container.imagePullPolicy, `${field}.imagePullPolicy`, pullPolicies),
    ...checkRequirements(container.resources, `${field}.resources`, claims),
    ...checkContainerSecurity(container.securityContext, `${field}.securityContext`),
  ];
}

/** Only of pods: templates were allowed more before this was seen. */
export function checkImageSpaces({ image = '' }: Container, field: string): readonly FieldError[] {
  const why = 'must not have leading or trailing whitespace';
  return when(image.trim() !== image, invalidValue(`${field}.image`, image, why));
}

function checkPorts(ports: readonly ContainerPort[] | undefined, field: string): readonly FieldError[] {
  const names = new Set<string>();
  return inList(ports, field, ({ name = '', containerPort = 0, hostPort = 0, protocol }, at) => {
    const ofName = name === '' ? [] : checkName(portName, name, `${at}.name`);
    const isRepeated = name !== '' && ofName.length === 0 && names.has(name);
    names.add(name);
    return [
      ...ofName,
      ...when(isRepeated, duplicate(`${at}.name`, name)),
      ...(containerPort === 0
        ? [required(`${at}.containerPort`)]
        : checkPort(containerPort, `${at}.containerPort`)),
      ...(hostPort === 0 ? [] : checkPort(hostPort, `${at}.hostPort`)),
      ...checkFilledOneOf(protocol, `${at}.protocol`, protocols),
    ];
  });
}

/** Containers of a pod, and what only those that start first, or later, can have or not. (pkg/apis/core/validation) Pure. */
import type {
  Container,
  EphemeralContainer,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, notFoundValue, notSupported, required } from '../../field-errors.ts';
import { inList, when } from '../../meta/field-checks.ts';
import { checkContainer, checkImageSpaces } from './check-container.ts';
import type { Volumes } from './check-mounts.ts';
import { checkLifecycle, checkLivingProbe, checkReadinessProbe, type GracePeriod } from './check-probes.ts';

export function checkContainers(spec: PodSpec, volumes: Volumes, field: string): readonly FieldError[] {
  return [
    ...checkMain(spec, volumes, `${field}.containers`),
    ...checkFirst(spec, volumes, `${field}.initContainers`),
    ...checkEphemeral(spec, volumes, `${field}.ephemeralContainers`),
  ];
}

function checkMain(spec: PodSpec, volumes: Volumes, field: string): readonly FieldError[] {
  const { terminationGracePeriodSeconds: grace } = spec;
  // Go writes a list that has to be there as null where it is empty.
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  return [
    ...inList(containers, field, (container, at) => {
      const isRepeated = names.has(container.name);
      names.add(container.name);
      return [
        ...checkContainer(container, spec, volumes, at),
        ...when(isRepeated, duplicate(`${at}.name`, container.name)),
        ...checkHooks(container, grace, at),
        ...when(
          container.restartPolicy !== undefined,
          forbiddenField(`${at}.restartPolicy`, 'may not be set for non-init containers'),
        ),
      ];
    }),
    ...checkHostPorts(containers, field),
  ];
}

const hooks = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function checkFirst(spec: PodSpec, volumes: Volumes, field: string): readonly FieldError[] {
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  return inList(spec.initContainers, field, (container, at) => {
    const { name, restartPolicy } = container;
    const isRepeated = names.has(name);
    names.add(name);
    const why = 'may not be set for init containers without restartPolicy=Always';
    const ofHooks =
      restartPolicy === 'Always'
        ? checkHooks(container, spec.terminationGracePeriodSeconds, at)
        : hooks
            .filter((hook) => container[hook] !== undefined)
            .map((hook) => forbiddenField(`${at}.${hook}`, why));
    return [
      ...checkContainer(container, spec, volumes, at),
      ...when(
        restartPolicy !== undefined && restartPolicy !== 'Always',
        notSupported(`${at}.restartPolicy`, restartPolicy, ['Always']),
      ),
      ...when(isRepeated && name !== '', duplicate(`${at}.name`, name)),
      // They run one after the other, so that they share ports; the real server names the list's first.
      ...checkHostPorts([container], field),
      ...ofHooks,
    ];
  });
}

/** What somebody looks through a window with is no part of the house. */
const notEphemeral: readonly (keyof EphemeralContainer)[] = [
  ...(['ports', 'resources', 'resizePolicy', 'restartPolicy', 'livenessProbe'] as const),
  ...(['readinessProbe', 'startupProbe', 'lifecycle'] as const),
];

function checkEphemeral(spec: PodSpec, volumes: Volumes, field: string): readonly FieldError[] {
  const others = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name),
  );
  const names = new Set(others);
  const why = 'cannot be set for an Ephemeral Container';
  return inList(spec.ephemeralContainers, field, (container, at) => {
    const { name, targetContainerName: target = '' } = container;
    const isRepeated = names.has(name);
    names.add(name);
    return [
      ...checkContainer(container, spec, volumes, at),
      ...checkImageSpaces(container, at),
      ...when(isRepeated, duplicate(`${at}.name`, name)),
      ...when(target !== '' && !others.has(target), notFoundValue(`${at}.targetContainerName`, target)),
      ...notEphemeral
        .filter((part) => isSet(container[part]))
        .map((part) => forbiddenField(`${at}.${part}`, why)),
      ...inList(container.volumeMounts, `${at}.volumeMounts`, (mount, place) =>
        (['subPath', 'subPathExpr'] as const)
          .filter((part) => (mount[part] ?? '') !== '')
          .map((part) => forbiddenField(`${place}.${part}`, why)),
      ),
    ];
  });
}

function isSet(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || Object.keys(value as object).length > 0);
}

function checkHooks(container: Container, grace: GracePeriod, field: string): readonly FieldError[] {
  return [
    ...checkLifecycle(container.lifecycle, grace, `${field}.lifecycle`),
    ...checkLivingProbe(container.livenessProbe, grace, `${field}.livenessProbe`),
    ...checkReadinessProbe(container.readinessProbe, grace, `${field}.readinessProbe`),
    ...checkLivingProbe(container.startupProbe, grace, `${field}.startupProbe`),
  ];
}

function checkHostPorts(containers: readonly Container[], field: string): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(containers, field, ({ ports }, at) =>
    inList(ports, `${at}.ports`, ({ protocol = '', hostIP = '', hostPort = 0 }, place) => {
      const key = `${protocol}/${hostIP}/${hostPort}`;
      const isTaken = hostPort !== 0 && seen.has(key);
      seen.add(key);
      return when(isTaken, duplicate(`${place}.hostPort`, key));
    }),
  );
}

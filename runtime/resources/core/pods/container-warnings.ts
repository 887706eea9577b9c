/** What is probably not meant in containers: a variable set twice, a port named twice. (pkg/api/pod/warnings.go) Pure. */
import type {
  ContainerPort,
  EnvVar,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isWholeQuantity, type Quantities } from '../../meta/quantities.ts';
import { allContainers, type PlacedContainer } from './all-containers.ts';

export function warnOfContainers(spec: PodSpec, field: string): readonly string[] {
  const containers = allContainers(spec, field);
  return [
    ...containers.flatMap(({ container, field: at }) => [
      ...fractional.flatMap((name) =>
        (['limits', 'requests'] as const).flatMap((list) =>
          warnOfFraction(container.resources?.[list], name, `${at}.resources.${list}`),
        ),
      ),
      ...warnOfVariables(container.env ?? [], `${at}.env`),
    ]),
    ...warnOfPorts(containers),
  ];
}

/** Of what is counted in bytes. */
const fractional = ['memory', 'ephemeral-storage'] as const;

export function warnOfFractions(quantities: Quantities | undefined, field: string): readonly string[] {
  return fractional.flatMap((name) => warnOfFraction(quantities, name, field));
}

function warnOfFraction(quantities: Quantities | undefined, name: string, field: string): readonly string[] {
  const quantity = quantities?.[name];
  if (quantity === undefined || isWholeQuantity(quantity)) return [];
  return [
    `${field}[${name}]: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`,
  ];
}

/** To build upon what was there before is fine. */
function warnOfVariables(variables: readonly EnvVar[], field: string): readonly string[] {
  const seen = new Set<string>();
  return variables.flatMap(({ name, value = '', valueFrom }, index) => {
    const isFirst = !seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    const extends_ = valueFrom === undefined && value !== reference && value.includes(reference);
    if (isFirst || extends_) return [];
    const shown = JSON.stringify(name);
    return [
      `${field}[${index}]: hides previous definition of ${shown}, which may be dropped when using apply`,
    ];
  });
}

interface PlacedPort {
  readonly port: ContainerPort;
  readonly field: string;
}

/** Enough to see it: each port would be named beside each other one. */
const mostOthers = 10;

function warnOfPorts(containers: readonly PlacedContainer[]): readonly string[] {
  const known = new Map<string, PlacedPort[]>();
  const ports = containers.flatMap(({ container, field }) =>
    (container.ports ?? []).map((port, index) => ({ port, field: `${field}.ports[${index}]` })),
  );
  return ports.flatMap((placed) => {
    const { port, field } = placed;
    const key = `${port.containerPort}/${port.protocol}`;
    const others = known.get(key) ?? [];
    if (others.length < mostOthers) known.set(key, [...others, placed]);
    const isHalf = (port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0;
    return [
      ...(isHalf ? [`${field}: hostIP set without hostPort: ${showPort(port)}`] : []),
      ...others.slice(0, mostOthers).flatMap((other) => {
        const relation = relationOf(port, other.port);
        return relation === '' ? [] : [`${field}: ${relation} port definition with ${other.field}`];
      }),
    ];
  });
}

function relationOf(a: ContainerPort, b: ContainerPort): string {
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  const [addressA, addressB] = [a.hostIP ?? '', b.hostIP ?? ''];
  if (portA === portB && addressA === addressB) return 'duplicate';
  if (portA === 0 || portB === 0) return 'overlapping';
  const isAmbiguous = portA === portB && (addressA === '') !== (addressB === '');
  return isAmbiguous ? 'dangerously ambiguous' : '';
}

/** As Go writes the struct. */
function showPort({
  name = '',
  hostPort = 0,
  containerPort,
  protocol = '',
  hostIP = '',
}: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

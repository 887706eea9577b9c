/** All containers of a pod, of whatever sort, with their places; in the order of the real server. Pure. */
import type { Container, PodSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';

export interface PlacedContainer {
  readonly container: Container;
  /** For example `spec.containers[0]`. */
  readonly field: string;
}

export function allContainers(spec: PodSpec, field: string): readonly PlacedContainer[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, field: `${field}.${list}[${index}]` })),
  );
}

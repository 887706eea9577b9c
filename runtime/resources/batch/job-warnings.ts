/** (pkg/api/job/warnings.go) Pure. */
import type { JobSpec } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';

const manyCompletions = 100_000;
const manyParallel = 10_000;
const words =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';

export function warnOfJobSpec(spec: JobSpec, field: string): string[] {
  const isLarge = (spec.completions ?? 0) > manyCompletions && (spec.parallelism ?? 0) > manyParallel;
  return spec.completionMode === 'Indexed' && isLarge ? [`${field}: ${words}`] : [];
}

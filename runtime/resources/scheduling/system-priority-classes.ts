/** The two priority classes that the server makes. (pkg/apis/scheduling/v1/helpers.go) */
import type { PriorityClass } from '../../apiserver/schemas/generated/types/api-scheduling-v1.ts';

export const systemPriorityClasses: readonly PriorityClass[] = [
  make(
    ...(['system-node-critical', 2_000_001_000] as const),
    'Used for system critical pods that must not be moved from their current node.',
  ),
  make(
    ...(['system-cluster-critical', 2_000_000_000] as const),
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
];

function make(name: string, value: number, description: string): PriorityClass {
  return {
    kind: 'PriorityClass',
    apiVersion: 'scheduling.k8s.io/v1',
    metadata: { name },
    value,
    description,
  };
}

/** What is said of the pods that are in a namespace when it becomes stricter. Pure. */
import type { CheckedPod } from './checks.ts';
import { inShort, violationsOf } from './evaluate.ts';
import { formatLevel, type LevelVersion } from './levels.ts';

const mostChecked = 3_000;

export function podsWarnings(
  namespace: string,
  pods: readonly (CheckedPod & { readonly name: string })[],
  level: LevelVersion,
): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const pod of pods.slice(0, mostChecked)) {
    const violations = violationsOf(pod, level);
    if (violations.length === 0) continue;
    const reason = inShort(violations);
    byReason.set(reason, [...(byReason.get(reason) ?? []), pod.name]);
  }
  const cut =
    pods.length > mostChecked
      ? [
          `new PodSecurity enforce level only checked against the first ${mostChecked} of ${pods.length} existing pods`,
        ]
      : [];
  if (byReason.size === 0) return cut;
  const head = `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${formatLevel(level)}"`;
  return [...cut, head, ...[...byReason].map(([reason, names]) => sentence(reason, names)).sort()];
}

function sentence(reason: string, names: readonly string[]): string {
  const [first = ''] = [...names].sort();
  const others = names.length - 1;
  if (others === 0) return `${first}: ${reason}`;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'}): ${reason}`;
}

/** A pod held against a level. (k8s.io/pod-security-admission/policy/registry.go) Pure. */
import { baselineChecks } from './baseline-checks.ts';
import type { CheckedPod } from './checks.ts';
import type { LevelVersion } from './levels.ts';
import { restrictedChecks } from './restricted-checks.ts';
import type { Violation } from './words.ts';

/** What does not fit, in the order of the real server. */
export function violationsOf(pod: CheckedPod, { level, version }: LevelVersion): readonly Violation[] {
  if (level === 'privileged') return [];
  const own = baselineChecks.filter(({ isCovered }) => isCovered !== true);
  const covered = baselineChecks.filter(({ isCovered }) => isCovered === true);
  const checks = level === 'baseline' ? [...own, ...covered] : [...own, ...restrictedChecks];
  return checks.filter(({ since }) => since <= version).flatMap(({ check }) => check(pod, version) ?? []);
}

/** Of one pod, with what it is that does not fit. */
export function inDetail(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}

/** Of many pods: only in what respect. */
export function inShort(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}

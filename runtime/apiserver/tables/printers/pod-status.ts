/** The one word that says how a pod is, from the states of its containers. Pure. */
import { booleanAt, isSet, listAt, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import { conditionOf, hasCondition, isDeleted } from '../format.ts';
import { parseTimestamp } from '../human-duration.ts';

export interface PodSummary {
  readonly reason: string;
  readonly readyContainers: number;
  readonly totalContainers: number;
  readonly restarts: number;
  /** In milliseconds since 1970; null: none, or nobody knows when. */
  readonly lastRestartMs: number | null;
}

interface Progress {
  reason: string;
  ready: number;
  restarts: number;
  lastRestartMs: number | null;
}

export function summarizePod(pod: unknown): PodSummary {
  const sidecars = new Set(
    listAt(pod, 'spec', 'initContainers')
      .filter((container) => stringAt(container, 'restartPolicy') === 'Always')
      .map((container) => stringAt(container, 'name')),
  );
  const initial: Progress = { reason: phaseReason(pod), ready: 0, restarts: 0, lastRestartMs: null };
  const init = readInitContainers(pod, sidecars, initial);
  const isInitialized = !init.isWaiting || hasCondition(pod, 'Initialized');
  const progress = isInitialized ? readContainers(pod, init.sidecars) : init.all;
  return {
    reason: deletionReason(pod) ?? progress.reason,
    readyContainers: progress.ready,
    totalContainers: listAt(pod, 'spec', 'containers').length + sidecars.size,
    restarts: progress.restarts,
    lastRestartMs: progress.lastRestartMs,
  };
}

function phaseReason(pod: unknown): string {
  const gated = stringAt(conditionOf(pod, 'PodScheduled'), 'reason') === 'SchedulingGated';
  if (gated) return 'SchedulingGated';
  return stringAt(pod, 'status', 'reason') || stringAt(pod, 'status', 'phase');
}

/**
 * Containers that run before the others, up to the first that is not done.
 * @returns `sidecars`: what counts once the pod is initialized, when only those that go on restarting matter.
 */
function readInitContainers(
  pod: unknown,
  names: ReadonlySet<string>,
  initial: Progress,
): { readonly all: Progress; readonly sidecars: Progress; readonly isWaiting: boolean } {
  const all = { ...initial };
  const sidecars = { ...initial };
  let isWaiting = false;
  for (const [index, status] of listAt(pod, 'status', 'initContainerStatuses').entries()) {
    const isSidecar = names.has(stringAt(status, 'name'));
    countRestarts(all, status);
    if (isSidecar) countRestarts(sidecars, status);
    if (isSet(status, 'state', 'terminated') && numberAt(status, 'state', 'terminated', 'exitCode') === 0) {
      continue;
    }
    if (isSidecar && booleanAt(status, 'started') === true) {
      if (booleanAt(status, 'ready') === true) all.ready += 1;
      continue;
    }
    const total = listAt(pod, 'spec', 'initContainers').length;
    all.reason = `Init:${initReason(status) ?? `${index}/${total}`}`;
    isWaiting = true;
    break;
  }
  return { all, sidecars: { ...sidecars, reason: all.reason, ready: all.ready }, isWaiting };
}

function initReason(status: unknown): string | null {
  if (isSet(status, 'state', 'terminated')) return terminationReason(status);
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  return waiting === '' || waiting === 'PodInitializing' ? null : waiting;
}

/** The first container's word goes before those of the others. */
function readContainers(pod: unknown, before: Progress): Progress {
  const progress = { ...before };
  let hasRunning = false;
  for (const status of listAt(pod, 'status', 'containerStatuses').toReversed()) {
    countRestarts(progress, status);
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    if (waiting !== '') progress.reason = waiting;
    else if (isSet(status, 'state', 'terminated')) progress.reason = terminationReason(status);
    else if (booleanAt(status, 'ready') === true && isSet(status, 'state', 'running')) {
      hasRunning = true;
      progress.ready += 1;
    }
  }
  // A container that is done does not make a pod done in which others run.
  if (progress.reason === 'Completed' && hasRunning) {
    progress.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
  }
  return progress;
}

function terminationReason(status: unknown): string {
  const terminated = objectAt(status, 'state', 'terminated');
  const signal = numberAt(terminated, 'signal');
  const otherwise = signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode')}` : `Signal:${signal}`;
  return stringAt(terminated, 'reason') || otherwise;
}

function countRestarts(progress: Progress, status: unknown): void {
  progress.restarts += numberAt(status, 'restartCount');
  const at = parseTimestamp(stringAt(status, 'lastState', 'terminated', 'finishedAt'));
  if (at !== null) progress.lastRestartMs = Math.max(at, progress.lastRestartMs ?? at);
}

function deletionReason(pod: unknown): string | null {
  if (!isDeleted(pod)) return null;
  if (stringAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase')) ? null : 'Terminating';
}

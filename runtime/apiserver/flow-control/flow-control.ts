/**
 * Priority and fairness: how many requests run at a time, and who is next. One server's alone; what cannot wait is refused.
 * (k8s.io/apiserver/pkg/util/flowcontrol)
 */
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '../../resources/flowcontrol/default-objects.ts';
import type { UserInfo } from '../authentication/user.ts';
import type { FlowMeter, FlowNames, Refusal } from '../metrics/flow-measures.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from '../schemas/generated/types/api-flowcontrol-v1.ts';
import { createFairQueues, type FairQueues, type Place } from './fair-queues.ts';
import { type LevelPlan, maySeat, planLevels } from './level-plan.ts';
import { type Flow, flowOf, inOrder } from './match-flow.ts';
import { hashFlow } from './shuffle-shard.ts';

export interface FlowControlOptions {
  /** That may be taken at a time, by all. */
  readonly totalSeats: number;
  readonly longestWaitMs: number;
  readonly nowMs: () => number;
  /** Calls after so long. @returns what stops it */
  readonly after: (milliseconds: number, run: () => void) => () => void;
  /** Is told of all that happens. */
  readonly meter?: FlowMeter;
}

export interface Ticket {
  readonly isAdmitted: boolean;
  /** Of the answer, either way. */
  readonly headers: Readonly<Record<string, string>>;
  /** At the end of the request; a second time does nothing. */
  readonly release: () => void;
}

export interface FlowControl {
  /** What is in force from now on; who waits goes on waiting where they stand. Mandatory objects need not be among them. */
  readonly configure: (schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]) => void;
  /** Never rejects. @param seats how many it takes. @param signal of a client that may be gone before its turn */
  readonly enter: (user: UserInfo, info: RequestInfo, seats: number, signal: AbortSignal) => Promise<Ticket>;
}

interface Level {
  plan: LevelPlan;
  inUse: number;
  queues: FairQueues | null;
}

export function openFlowControl(options: FlowControlOptions): FlowControl {
  const levels = new Map<string, Level>();
  let schemas: readonly FlowSchema[] = [];
  const serve = (): void => {
    for (const level of levels.values()) startNext(levels, level);
  };
  const configure: FlowControl['configure'] = (given, givenLevels) => {
    schemas = inOrder(withMandatory(given, mandatoryFlowSchemas));
    const plans = planLevels(withMandatory(givenLevels, mandatoryPriorityLevels), options.totalSeats);
    applyPlans(levels, plans);
    serve();
  };
  configure(suggestedFlowSchemas, suggestedPriorityLevels);
  return {
    configure,
    enter: async (user, info, seats, signal) => {
      const flow = flowOf(schemas, user, info);
      const level = levels.get(flow?.level ?? '') ?? (levels.get('catch-all') as Level);
      const headers = headersOf(flow, level);
      const width = Math.min(seats, Math.max(1, level.plan.seats));
      const names = { schema: flow?.schema.metadata?.name ?? '', level: level.plan.name };
      const started = level.plan.isExempt
        ? () => {}
        : await metered(options, names, () =>
            waitForTurn(options, { levels, level, flow, width, signal, serve }),
          );
      if (typeof started === 'string') return { isAdmitted: false, headers, release: () => {} };
      options.meter?.running(names, 1, width);
      const release = once(() => {
        options.meter?.running(names, -1, width);
        started();
      });
      return { isAdmitted: true, headers, release };
    },
  };
}

type Outcome = (() => void) | Refusal;

/** Whoever waits is counted, and so is who waits in vain. */
async function metered(
  { meter }: FlowControlOptions,
  names: FlowNames,
  wait: () => Promise<Outcome>,
): Promise<Outcome> {
  meter?.waiting(names, 1);
  const outcome = await wait();
  meter?.waiting(names, -1);
  if (typeof outcome === 'string') meter?.refused(names, outcome);
  return outcome;
}

function withMandatory<Item extends FlowSchema | PriorityLevelConfiguration>(
  given: readonly Item[],
  mandatory: readonly Item[],
): readonly Item[] {
  const there = new Set(given.map(({ metadata }) => metadata?.name));
  return [...given, ...mandatory.filter(({ metadata }) => !there.has(metadata?.name))];
}

/** Queues stay as long as their shape does. */
function applyPlans(levels: Map<string, Level>, plans: ReadonlyMap<string, LevelPlan>): void {
  for (const [name, level] of levels) {
    // Who is in it ends there; nobody new comes.
    if (!plans.has(name) && level.inUse === 0 && (level.queues?.waiting() ?? 0) === 0) levels.delete(name);
  }
  for (const [name, plan] of plans) {
    const known = levels.get(name);
    const isSame = JSON.stringify(known?.plan.queues) === JSON.stringify(plan.queues);
    if (known !== undefined && (isSame || (known.queues?.waiting() ?? 0) > 0)) known.plan = plan;
    else {
      const queues = plan.queues === null ? null : createFairQueues(plan.queues);
      levels.set(name, { plan, inUse: known?.inUse ?? 0, queues });
    }
  }
}

interface Turn {
  readonly levels: Map<string, Level>;
  readonly level: Level;
  readonly flow: Flow | null;
  readonly width: number;
  readonly signal: AbortSignal;
  /** Lets those begin for whom there is room now. */
  readonly serve: () => void;
}

/** @returns what to call at the end of the request; for who is refused, why */
async function waitForTurn(options: FlowControlOptions, turn: Turn): Promise<Outcome> {
  const { levels, level, flow, width, signal, serve } = turn;
  const end = (): void => {
    level.inUse -= width;
    serve();
  };
  if (level.queues === null) {
    if (!maySeat(level, others(levels, level), width)) return 'concurrency-limit';
    level.inUse += width;
    return end;
  }
  const queues = level.queues;
  return await new Promise((resolve) => {
    let place: Place | null = null;
    let stop = (): void => {};
    const settle = (outcome: Outcome): void => {
      stop();
      signal.removeEventListener('abort', giveUp);
      resolve(outcome);
    };
    const giveUp = (): void => {
      place?.leave();
      settle(signal.aborted ? 'cancelled' : 'time-out');
    };
    const start = (finish: (milliseconds: number) => void): void => {
      const beganMs = options.nowMs();
      settle(() => {
        finish(options.nowMs() - beganMs);
        end();
      });
    };
    const hash = hashFlow(flow?.schema.metadata?.name ?? '', flow?.distinguisher ?? '');
    place = signal.aborted ? null : queues.add(hash, { seats: width, start });
    if (place === null) return settle(signal.aborted ? 'cancelled' : 'queue-full');
    stop = options.after(options.longestWaitMs, giveUp);
    signal.addEventListener('abort', giveUp);
    startNext(levels, level);
  });
}

function startNext(levels: Map<string, Level>, level: Level): void {
  const { queues } = level;
  for (let next = queues?.peek() ?? null; next !== null; next = queues?.peek() ?? null) {
    if (queues === null || !maySeat(level, others(levels, level), next.seats)) return;
    level.inUse += next.seats;
    next.start(queues.take());
  }
}

function others(levels: ReadonlyMap<string, Level>, level: Level): readonly Level[] {
  return [...levels.values()].filter((one) => one !== level);
}

function headersOf(flow: Flow | null, { plan }: Level): Ticket['headers'] {
  return {
    'x-kubernetes-pf-flowschema-uid': String(flow?.schema.metadata?.uid ?? ''),
    'x-kubernetes-pf-prioritylevel-uid': plan.uid,
  };
}

function once(run: () => void): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    run();
  };
}

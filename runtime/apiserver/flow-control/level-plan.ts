/**
 * How the seats of this server are shared out among the priority levels, and what they lend each other.
 * (k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go, simplified) Pure.
 */
import type { PriorityLevelConfiguration } from '../schemas/generated/types/api-flowcontrol-v1.ts';
import type { QueueShape } from './fair-queues.ts';

export interface LevelPlan {
  readonly name: string;
  readonly uid: string;
  readonly isExempt: boolean;
  /** Its own share. */
  readonly seats: number;
  /** Of those, what others may use while it does not. */
  readonly lendable: number;
  /** What it may use of others beside its own. */
  readonly borrowable: number;
  /** Null: who finds no seat is refused at once. */
  readonly queues: QueueShape | null;
}

const usualShares = 30;

export function planLevels(
  levels: readonly PriorityLevelConfiguration[],
  totalSeats: number,
): ReadonlyMap<string, LevelPlan> {
  const shares = ({ spec }: PriorityLevelConfiguration): number =>
    spec?.type === 'Exempt'
      ? (spec.exempt?.nominalConcurrencyShares ?? 0)
      : (spec?.limited?.nominalConcurrencyShares ?? usualShares);
  const allShares = levels.reduce((sum, level) => sum + shares(level), 0);
  const plans = levels.map((level): LevelPlan => {
    const seats = allShares === 0 ? 0 : Math.ceil((totalSeats * shares(level)) / allShares);
    const { type, exempt, limited } = level.spec ?? {};
    const part = type === 'Exempt' ? exempt : limited;
    const lendable = Math.round((seats * (part?.lendablePercent ?? 0)) / 100);
    const borrowingPercent = limited?.borrowingLimitPercent;
    return {
      ...{ name: level.metadata?.name ?? '', uid: String(level.metadata?.uid ?? ''), seats, lendable },
      isExempt: type === 'Exempt',
      borrowable: borrowingPercent === undefined ? totalSeats : Math.round((seats * borrowingPercent) / 100),
      queues: queuesOf(level),
    };
  });
  return new Map(plans.map((plan) => [plan.name, plan]));
}

const [usualQueues, usualHand, usualLength] = [64, 8, 50];

function queuesOf({ spec }: PriorityLevelConfiguration): QueueShape | null {
  const response = spec?.limited?.limitResponse;
  if (response?.type !== 'Queue') return null;
  const {
    queues = usualQueues,
    handSize = usualHand,
    queueLengthLimit = usualLength,
  } = response.queuing ?? {};
  return { queues, handSize, lengthLimit: queueLengthLimit };
}

export interface LevelLoad {
  readonly plan: LevelPlan;
  readonly inUse: number;
}

/** Whether a request of a level may begin: with its own seats, or with those that others do not use. */
export function maySeat(level: LevelLoad, others: readonly LevelLoad[], seats: number): boolean {
  const { plan, inUse } = level;
  // A request is never wider than its level: it would wait for ever.
  const wanted = inUse + Math.min(seats, Math.max(1, plan.seats));
  const all = [level, ...others];
  const total = all.reduce((sum, one) => sum + one.plan.seats, 0);
  const used = all.reduce((sum, one) => sum + one.inUse, 0);
  // What is lent comes back when it is free again, and not before.
  if (wanted <= plan.seats) return used - inUse + wanted <= total || inUse === 0;
  if (wanted - plan.seats > plan.borrowable) return false;
  const offered = others.reduce(
    (sum, one) => sum + Math.max(0, Math.min(one.plan.lendable, one.plan.seats - one.inUse)),
    0,
  );
  const borrowed = others.reduce((sum, one) => sum + Math.max(0, one.inUse - one.plan.seats), 0);
  return borrowed + wanted - plan.seats <= offered;
}

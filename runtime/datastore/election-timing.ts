/**
 * How long a node waits for its leader before it stands for election, as its disk, its machine and its network allow:
 * an election that takes longer than the wait for the next one never ends. Pure.
 */

export interface TimingMeasurements {
  /** The timeout in force, in ticks. */
  readonly presentTicks: number;
  readonly tickMilliseconds: number;
  /** What the configuration asks for; never less. */
  readonly configuredMilliseconds: number;
  /** Recent syncs of this node's log. */
  readonly syncMilliseconds: readonly number[];
  /** By how much recent ticks came late. */
  readonly lateMilliseconds: readonly number[];
  /** Recent round trips of heartbeats, as far as this node has led. */
  readonly roundTripMilliseconds: readonly number[];
}

const longestMilliseconds = 10_000;
/** Of the way down, what one decision takes: a machine that was slow once may be so again soon. */
const fallPerDecision = 0.1;

/**
 * The timeout from now on, in ticks. A vote needs a sync on both sides, and a third gives it room; question and answer
 * take a round trip, and both sides may be late. It rises at once and falls slowly.
 */
export function decideElectionTicks(measured: TimingMeasurements): number {
  const { presentTicks, tickMilliseconds, configuredMilliseconds } = measured;
  const needed =
    3 * slowest(measured.syncMilliseconds) +
    2 * slowest(measured.roundTripMilliseconds) +
    2 * slowest(measured.lateMilliseconds);
  const milliseconds = Math.max(configuredMilliseconds, Math.min(needed, longestMilliseconds));
  const target = Math.max(2, Math.round(milliseconds / tickMilliseconds));
  if (target >= presentTicks) return target;
  return presentTicks - Math.ceil((presentTicks - target) * fallPerDecision);
}

/** The second slowest: one that stands alone is not how the disk or the network is. */
function slowest(samples: readonly number[]): number {
  return samples.toSorted((one, other) => other - one)[1] ?? 0;
}

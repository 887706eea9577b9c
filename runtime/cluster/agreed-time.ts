/**
 * What time it is, as most machines of a cluster say: a single one may believe that it is 1970 or 2099. For what people and programs
 * outside date, such as tokens; what expires within the cluster goes by `ClusterClock`. Pure.
 */

/** More is not what machines with a right clock differ by. */
const noticeableMilliseconds = 60_000;
const dayMilliseconds = 86_400_000;

/**
 * The middle one. Of two it is the later: a clock that lost its battery begins in the past.
 * @param clocks milliseconds since 1970, each of another machine, at the same moment; at least one
 */
export function agreedTime(clocks: readonly number[]): number {
  return clocks.toSorted((a, b) => a - b)[Math.floor(clocks.length / 2)] as number;
}

/** By how much a machine's clock is to be set forward to tell the agreed time: 0 while it is near enough. */
export function correctionOf(agreed: number, own: number): number {
  return Math.abs(agreed - own) > noticeableMilliseconds ? agreed - own : 0;
}

/** For a person; null for a clock that is right. */
export function clockWarning(name: string, agreed: number, own: number): string | null {
  const correction = correctionOf(agreed, own);
  if (correction === 0) return null;
  const days = Math.abs(correction) / dayMilliseconds;
  const size =
    days >= 1 ? `${Math.round(days)} days` : `${Math.round(Math.abs(correction) / 60_000)} minutes`;
  const side = correction > 0 ? 'behind' : 'ahead of';
  return `${name}: its clock is ${size} ${side} that of most nodes. The cluster and its API go by theirs; let it reach a time server, or set its clock.`;
}

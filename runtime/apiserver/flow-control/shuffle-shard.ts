/**
 * Which queues a flow may use: a few of many, dealt by its hash, so that one flow that fills its queues leaves most others
 * with some of theirs. (k8s.io/apiserver/pkg/util/shufflesharding) Pure.
 */

/** FNV-1a in 64 bits of schema and distinguisher. */
export function hashFlow(schema: string, distinguisher: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(`${schema}\u0000${distinguisher}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  // FNV leaves the lower bits of short names alike.
  hash ^= hash >> 33n;
  hash = BigInt.asUintN(64, hash * 0xff51afd7ed558ccdn);
  return hash ^ (hash >> 33n);
}

/** @param handSize no more than there are queues. @returns different indices */
export function dealHand(hash: bigint, queues: number, handSize: number): readonly number[] {
  const hand: number[] = [];
  let rest = hash;
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt += 1) {
    const left = BigInt(queues - dealt);
    let card = Number(rest % left);
    rest /= left;
    // The cards that are out are not in the deck any more.
    for (const taken of [...hand].sort((a, b) => a - b)) if (taken <= card) card += 1;
    hand.push(card);
  }
  return hand;
}

/**
 * The queues of one priority level. Of those that wait, the next is of the queue that has had the least so far: by start-time
 * fair queuing, where a queue that was empty does not get back what it has not used. Time comes from the caller.
 * (k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset, simplified) Pure but for its own state.
 */
import { dealHand } from './shuffle-shard.ts';

export interface QueueShape {
  readonly queues: number;
  readonly handSize: number;
  /** Of one queue. */
  readonly lengthLimit: number;
}

export interface Waiting {
  readonly seats: number;
  /** Takes what to call with the milliseconds that it took, at its end. */
  readonly start: (finish: (milliseconds: number) => void) => void;
}

interface Queue {
  readonly index: number;
  readonly waiting: Waiting[];
  /** Seat-milliseconds that it has had. */
  had: number;
  seatsRunning: number;
}

export interface FairQueues {
  /** @returns null where its queues are full */
  readonly add: (hash: bigint, waiting: Waiting) => Place | null;
  /** Who is next, and still stands in the queue. */
  readonly peek: () => Waiting | null;
  /** Takes out who is next. @returns what to call with the milliseconds that it took, at its end */
  readonly take: () => (milliseconds: number) => void;
  readonly waiting: () => number;
}

export interface Place {
  /** Gives up the place. */
  readonly leave: () => void;
}

/** What a request is thought to take before it is known. */
const guessMilliseconds = 3;

export function createFairQueues({ queues: count, handSize, lengthLimit }: QueueShape): FairQueues {
  const queues = Array.from(
    { length: count },
    (_, index): Queue => ({ index, waiting: [], had: 0, seatsRunning: 0 }),
  );
  const busy = new Set<Queue>();
  let virtualNow = 0;
  let lastTaken = -1;
  const next = (): Queue | null => {
    let best: Queue | null = null;
    // Among equals they take turns.
    const turn = ({ index }: Queue): number => (index - lastTaken - 1 + count) % count;
    for (const queue of busy) {
      if (best === null || queue.had < best.had || (queue.had === best.had && turn(queue) < turn(best)))
        best = queue;
    }
    return best;
  };
  return {
    add: (hash, waiting) => {
      const load = (queue: Queue): number =>
        queue.seatsRunning + queue.waiting.reduce((sum, { seats }) => sum + seats, 0);
      const hand = dealHand(hash, count, handSize).map((index) => queues[index] as Queue);
      const queue = hand.reduce((best, one) => (load(one) < load(best) ? one : best));
      if (queue.waiting.length >= lengthLimit) return null;
      // Where nobody wants anything, nobody owes anything.
      if (busy.size === 0 && queues.every(({ seatsRunning }) => seatsRunning === 0)) {
        for (const one of queues) one.had = 0;
        virtualNow = 0;
      }
      if (queue.waiting.length === 0 && queue.seatsRunning === 0) queue.had = Math.max(queue.had, virtualNow);
      queue.waiting.push(waiting);
      busy.add(queue);
      return { leave: () => remove(queue, waiting, busy) };
    },
    peek: () => next()?.waiting[0] ?? null,
    take: () => {
      const queue = next() as Queue;
      const [taken] = queue.waiting.splice(0, 1) as [Waiting];
      if (queue.waiting.length === 0) busy.delete(queue);
      lastTaken = queue.index;
      virtualNow = Math.max(virtualNow, queue.had);
      queue.had += taken.seats * guessMilliseconds;
      queue.seatsRunning += taken.seats;
      return (milliseconds) => {
        queue.seatsRunning -= taken.seats;
        queue.had += taken.seats * (milliseconds - guessMilliseconds);
      };
    },
    waiting: () => queues.reduce((sum, { waiting }) => sum + waiting.length, 0),
  };
}

function remove(queue: Queue, waiting: Waiting, busy: Set<Queue>): void {
  const at = queue.waiting.indexOf(waiting);
  if (at >= 0) queue.waiting.splice(at, 1);
  if (queue.waiting.length === 0) busy.delete(queue);
}

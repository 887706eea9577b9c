/**
 * Virtual time: events in order of their time, and among equals of their making. Every event goes into a hash of the
 * run, so that two runs of one seed can be compared, and the last ones are kept to be shown when a run fails.
 */
import { crc32 } from 'node:zlib';
import type { Cancel } from '../datastore/clock.ts';

interface Event {
  readonly time: number;
  readonly number: number;
  readonly label: string;
  act: (() => void) | null;
}

const eventsShown = 60;

export class Scheduler {
  /** Milliseconds since the beginning of the run. */
  now = 0;
  steps = 0;
  /** Of the labels and times of all events so far. */
  hash = 0;
  #heap: Event[] = [];
  #lastNumber = 0;
  #recent: string[] = [];

  after(milliseconds: number, label: string, act: () => void): Cancel {
    this.#lastNumber += 1;
    const event = { time: this.now + Math.max(0, milliseconds), number: this.#lastNumber, label, act };
    this.#push(event);
    return () => {
      (event as Event).act = null;
    };
  }

  /** Does the next event and everything that follows from it at once; false when there is none. */
  async step(): Promise<boolean> {
    const event = this.#next();
    if (event === null) return false;
    this.now = event.time;
    this.steps += 1;
    this.#record(event.label);
    event.act?.();
    // Promises that were resolved run before the next event, in an order of their own that is always the same.
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  /** Notes something that is no event of its own. */
  note(label: string): void {
    this.#record(label);
  }

  get recent(): readonly string[] {
    return this.#recent.slice(-eventsShown);
  }

  #record(label: string): void {
    const line = `${this.now.toFixed(3)} ${label}`;
    this.hash = crc32(line, this.hash);
    this.#recent.push(line);
    if (this.#recent.length > 4 * eventsShown) this.#recent = this.#recent.slice(-eventsShown);
  }

  #next(): Event | null {
    for (;;) {
      const event = this.#pop();
      if (event === null || event.act !== null) return event;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): Event | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.number < other.number);
}

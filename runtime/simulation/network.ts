/**
 * The network between the virtual nodes: messages that may be lost, late, repeated or out of order, requests that may
 * stay without an answer, and links that are cut in one direction or both.
 */

import type { Random } from '../raft/testing/seeded-random.ts';
import type { Message, NodeId } from '../raft/types.ts';
import type { Scheduler } from './scheduler.ts';

export interface Endpoint {
  readonly id: NodeId;
  /** Changes with every start, so that nothing reaches the one before. */
  readonly start: number;
  readonly up: boolean;
  /** Runs something on the node, later if it is paused, and never if it has ended. */
  run(start: number, act: () => void): void;
  deliver(message: Message): void;
  serve(method: string, params: Record<string, unknown>): Promise<unknown>;
}

export interface NetworkQuality {
  lossShare: number;
  repeatShare: number;
  /** Messages that take up to this many times as long, and so overtake others less. */
  slowShare: number;
  leastMilliseconds: number;
  mostMilliseconds: number;
}

export const goodNetwork: NetworkQuality = {
  lossShare: 0,
  repeatShare: 0,
  slowShare: 0,
  leastMilliseconds: 0.2,
  mostMilliseconds: 2,
};

export class VirtualNetwork {
  quality: NetworkQuality = { ...goodNetwork };
  readonly counts = { delivered: 0, lost: 0, repeated: 0, requests: 0 };
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #endpoints = new Map<NodeId, Endpoint>();
  readonly #cut = new Set<string>();

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  add(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.id, endpoint);
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  send(message: Message): void {
    const { from, to } = message;
    if (this.isCut(from, to) || this.#random() < this.quality.lossShare) {
      this.counts.lost += 1;
      return;
    }
    const copies = this.#random() < this.quality.repeatShare ? 2 : 1;
    this.counts.repeated += copies - 1;
    for (let copy = 0; copy < copies; copy++)
      this.#scheduler.after(this.#delay(), describe(message), () => this.#arrive(message));
  }

  /** Rejects with an error that has a `code`, as the real connections do. */
  request(
    from: Endpoint,
    to: NodeId,
    method: string,
    params: Record<string, unknown>,
    timeoutMilliseconds: number,
  ): Promise<unknown> {
    const { start } = from;
    this.counts.requests += 1;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => {
        if (this.isCut(to, from.id) || this.#random() < this.quality.lossShare) return;
        this.#scheduler.after(this.#delay(), `${to}>${from.id} answer to ${method}`, () => {
          cancel();
          from.run(start, settle);
        });
      };
      const cancel = this.#scheduler.after(timeoutMilliseconds, `${from.id} gives up ${method}`, () =>
        from.run(start, () => reject(failure('timeout', `${to} did not answer`))),
      );
      if (this.isCut(from.id, to) || this.#random() < this.quality.lossShare) return;
      this.#scheduler.after(this.#delay(), `${from.id}>${to} ${method}`, () => {
        const target = this.#endpoints.get(to);
        if (target === undefined || !target.up) {
          answer(() => reject(failure('unreachable', `${to} is not there`)));
          return;
        }
        target.run(target.start, () => {
          target.serve(method, params).then(
            (result) => answer(() => resolve(result)),
            (error: { code?: string; message: string }) =>
              answer(() => reject(failure(error.code ?? 'internal', error.message))),
          );
        });
      });
    });
  }

  #arrive(message: Message): void {
    const target = this.#endpoints.get(message.to);
    if (target === undefined || !target.up || this.isCut(message.from, message.to)) return;
    this.counts.delivered += 1;
    target.run(target.start, () => target.deliver(message));
  }

  #delay(): number {
    const { leastMilliseconds: least, mostMilliseconds: most, slowShare } = this.quality;
    const usual = least + this.#random() * (most - least);
    return this.#random() < slowShare ? usual + this.#random() * 30 * most : usual;
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function describe(message: Message): string {
  const { from, to, type, term } = message;
  const about = `${from}>${to} ${type} t${term}`;
  switch (message.type) {
    case 'appendRequest':
      return `${about} ${message.previousIndex}+${message.entries.length} c${message.commit}`;
    case 'appendResponse':
      return `${about} ${message.accepted ? 'yes' : 'no'} ${message.index}`;
    case 'voteRequest':
      return `${about} ${message.preVote ? 'pre ' : ''}${message.lastTerm}/${message.lastIndex}`;
    case 'voteResponse':
      return `${about} ${message.preVote ? 'pre ' : ''}${message.granted}`;
    default:
      return about;
  }
}

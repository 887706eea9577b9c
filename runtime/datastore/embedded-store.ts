/**
 * The datastore as callers use it on any node: a leader applies, another replica forwards writes and reads after
 * asking the leader where it stands, a spare asks a replica for everything. Waits out elections, up to a limit.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { NodeId } from '../raft/types.ts';
import { LostError } from './pending-work.ts';
import type { Replica } from './replica.ts';
import type { Command, CommandResult, Comparison, Operation } from './state-machine/commands.ts';
import { findProblem } from './state-machine/commands.ts';
import type { Change, ChangesResult, RangeQuery, RangeResult } from './state-machine/reading.ts';

export type StoreErrorCode = 'invalid' | 'unavailable' | 'notLeader' | 'compacted' | 'refused';

/** A request the store could not serve; the message says why and, where it can, what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How the store reaches the other nodes. */
export interface StoreNetwork {
  /** The leader as far as this node knows, also when it is no replica. */
  leader(): NodeId | null;
  /** Rejects with an error whose `code` is the other side's, or that of a failed connection. */
  request(
    to: NodeId,
    method: string,
    params: Record<string, unknown>,
    timeoutMilliseconds: number,
  ): Promise<unknown>;
  /** In a sentence: why there is no leader and what to do. */
  explainUnavailable(): string;
}

export interface Transaction {
  readonly compare?: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

export type TransactionResult = Extract<CommandResult, { kind: 'transaction' }>;

const limitMilliseconds = 10_000;
const attemptMilliseconds = 3_000;
const pauseMilliseconds = 50;
const pollMilliseconds = 10_000;
const revisionsAtOnce = 500;

const rangeParams = z.object({
  key: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  end: z.custom<Uint8Array>((value) => value instanceof Uint8Array).optional(),
  limit: z.int().min(0).optional(),
  revision: z.int().min(0).optional(),
});
const changesParams = rangeParams.extend({ from: z.int().min(1), wait: z.int().min(0).max(60_000) });

export class Store {
  readonly #replica: Replica;
  readonly #network: StoreNetwork;
  readonly #appliedListeners = new Set<() => void>();

  constructor(replica: Replica, network: StoreNetwork) {
    this.#replica = replica;
    this.#network = network;
  }

  /** Call when the replica applied something: watches look again. */
  stateChanged(): void {
    for (const listener of this.#appliedListeners) listener();
  }

  /** Applies a transaction exactly once. Throws `StoreError`. */
  async transact(transaction: Transaction): Promise<TransactionResult> {
    const result = await this.#execute({
      kind: 'transaction',
      id: randomUUID(),
      compare: [...(transaction.compare ?? [])],
      success: [...transaction.success],
      failure: [...(transaction.failure ?? [])],
    });
    if (result.kind === 'transaction') return result;
    throw new StoreError('refused', result.kind === 'refused' ? result.reason : 'unexpected answer');
  }

  /** Reads what was committed before the call. Throws `StoreError`. */
  range(query: RangeQuery): Promise<RangeResult> {
    return this.#untilServed(async () => {
      if (this.#followsLog())
        return (await this.#replica.linearize()) ? this.#replica.machine.view.range(query) : null;
      return this.#ask<RangeResult>('store.range', { ...query }, attemptMilliseconds);
    });
  }

  /** Reads what this node has applied, which may lag; for a node's own bookkeeping. */
  localRange(query: RangeQuery): RangeResult {
    return this.#replica.machine.view.range(query);
  }

  /** Calls `onChanges` with every change from revision `from` on, in order, until aborted. Throws `StoreError`. */
  async watch(
    range: { readonly key: Uint8Array; readonly end: Uint8Array | undefined },
    from: number,
    onChanges: (changes: readonly Change[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let next = from;
    while (!signal.aborted) {
      const result = await this.#nextChanges(range, next, signal);
      if (result === null) continue;
      if (result.kind === 'compacted') {
        throw new StoreError(
          'compacted',
          `Revision ${next} is compacted; the oldest that can be watched is ${result.oldest}.`,
        );
      }
      if (result.changes.length > 0) onChanges(result.changes);
      next = Math.max(next, result.through + 1);
    }
  }

  /** Answers another node's request; null when the method is none of the store's. */
  serve(method: string, params: Record<string, unknown>): Promise<unknown> | null {
    switch (method) {
      case 'store.propose':
        return this.#serveProposal(params.command);
      case 'store.range':
        return this.#serveRange(params);
      case 'store.changes':
        return this.#serveChanges(params);
      default:
        return null;
    }
  }

  /** Whether the state here follows the leader's: not on a spare, and not on a node that has lost touch. */
  #followsLog(): boolean {
    const { id, configuration, leader } = this.#replica.status();
    const members = [...configuration.voters, ...configuration.outgoing, ...configuration.learners];
    return leader !== null && members.includes(id);
  }

  async #execute(command: Command): Promise<CommandResult> {
    const problem = findProblem(command);
    if (problem !== null) throw new StoreError('invalid', problem);
    return this.#untilServed(async () => {
      if (this.#replica.status().role === 'leader') return this.#proposeHere(command);
      return this.#ask<CommandResult>('store.propose', { command }, 2 * attemptMilliseconds);
    });
  }

  /** null: try again; the command's id keeps it from being applied twice. */
  async #proposeHere(command: Command): Promise<CommandResult | null> {
    const outcome = this.#replica.propose(command);
    if (outcome.kind !== 'proposed') return null;
    try {
      return await within(outcome.result, attemptMilliseconds);
    } catch (error) {
      if (error instanceof LostError) return null;
      throw error;
    }
  }

  /** Asks the leader; null when it does not answer, or another one leads meanwhile: try again. */
  async #ask<Result>(
    method: string,
    params: Record<string, unknown>,
    milliseconds: number,
  ): Promise<Result | null> {
    const leader = this.#network.leader();
    if (leader === null || leader === this.#replica.status().id) return null;
    const replaced = this.#untilReplaced(leader);
    try {
      const answer = this.#network.request(leader, method, params, milliseconds) as Promise<Result>;
      return await Promise.race([answer, replaced.promise]);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === 'invalid' || code === 'compacted' || code === 'refused')
        throw new StoreError(code, message);
      return null;
    } finally {
      replaced.stop();
    }
  }

  /** Resolves with null when another node than `leader` leads: a machine without power never answers. */
  #untilReplaced(leader: NodeId): { readonly promise: Promise<null>; readonly stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<null>();
    const timer = setInterval(() => {
      const present = this.#network.leader();
      if (present !== null && present !== leader) resolve(null);
    }, pauseMilliseconds);
    return { promise, stop: () => clearInterval(timer) };
  }

  async #untilServed<Result>(attempt: () => Promise<Result | null>): Promise<Result> {
    const deadline = performance.now() + limitMilliseconds;
    for (;;) {
      const result = await attempt();
      if (result !== null) return result;
      if (performance.now() > deadline) {
        throw new StoreError('unavailable', this.#replica.obstacle ?? this.#network.explainUnavailable());
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  }

  async #serveProposal(command: unknown): Promise<CommandResult> {
    const problem = findProblem(command);
    if (problem !== null) throw new StoreError('invalid', problem);
    if (this.#replica.status().role !== 'leader')
      throw new StoreError('notLeader', 'This node does not lead.');
    const result = await this.#proposeHere(command as Command);
    if (result === null) throw new StoreError('unavailable', 'The leader could not commit it now.');
    return result;
  }

  async #serveRange(params: unknown): Promise<RangeResult> {
    const query = rangeParams.parse(params);
    if (this.#followsLog() && (await this.#replica.linearize()))
      return this.#replica.machine.view.range(query);
    throw new StoreError('unavailable', 'This node cannot read now.');
  }

  /** A long poll: answers as soon as there is a change, or with nothing new when the wait is over. */
  async #serveChanges(params: unknown): Promise<ChangesResult> {
    const { from, wait, key, end } = changesParams.parse(params);
    if (!this.#followsLog()) throw new StoreError('unavailable', 'This node holds no data.');
    await this.#applied(from, wait, null);
    return this.#replica.machine.view.changes({ key, end }, from, revisionsAtOnce);
  }

  async #nextChanges(
    range: { readonly key: Uint8Array; readonly end: Uint8Array | undefined },
    from: number,
    signal: AbortSignal,
  ): Promise<ChangesResult | null> {
    if (this.#followsLog()) {
      await this.#applied(from, pollMilliseconds, signal);
      return this.#replica.machine.view.changes(range, from, revisionsAtOnce);
    }
    const result = await this.#ask<ChangesResult>(
      'store.changes',
      { ...range, from, wait: pollMilliseconds },
      pollMilliseconds + attemptMilliseconds,
    );
    if (result === null) await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    return result;
  }

  /** Waits until revision `from` is there, the time is over, or the caller gives up. */
  #applied(from: number, milliseconds: number, signal: AbortSignal | null): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#appliedListeners.delete(look);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const look = (): void => {
        if (this.#replica.machine.view.number('revision') >= from) finish();
      };
      const timer = setTimeout(finish, milliseconds);
      this.#appliedListeners.add(look);
      signal?.addEventListener('abort', finish);
      look();
    });
  }
}

/** Resolves with null when the time is over first. */
function within<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Those who use the store in a run: clients that put, read, swap and delete, one that compacts, watchers, and holders
 * of leases. Each uses the real store of some running node, and another one when that node goes away.
 */

import type { LeaseRecord } from '../checkers/lease-life.ts';
import type { OperationAction } from '../checkers/linearizability.ts';
import type { SeenChange, WatchRecord } from '../checkers/watch-stream.ts';
import type { Change } from '../datastore/state-machine/model.ts';
import { type Store, StoreError } from '../datastore/store.ts';
import { pick, type Random } from '../raft/testing/seeded-random.ts';
import type { History, OpenOperation } from './histories.ts';
import type { VirtualNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';

export interface ClientSurroundings {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly history: History;
  readonly nodes: () => readonly VirtualNode[];
  readonly fail: (error: unknown) => void;
  /** Whether new work begins. */
  readonly active: () => boolean;
}

export interface ClientCounts {
  acknowledged: number;
  unknown: number;
  watchRestarts: number;
  leases: number;
}

const keys = ['x', 'y', 'z'];
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (content: Uint8Array): string => Buffer.from(content).toString();

/** A store on a running node, and whether that node's process is still the same. */
function connect({ nodes, random }: ClientSurroundings): { store: Store; isGone: () => boolean } | null {
  const running = nodes().filter((node) => node.up && node.store !== null);
  if (running.length === 0) return null;
  const node = pick(random, running);
  const { start, store } = node;
  if (store === null) return null;
  return { store, isGone: () => node.start !== start };
}

export class Clients {
  readonly counts: ClientCounts = { acknowledged: 0, unknown: 0, watchRestarts: 0, leases: 0 };
  readonly watches: Watcher[] = [];
  readonly leases: LeaseHolder[] = [];
  readonly #around: ClientSurroundings;
  #lastValue = 0;

  constructor(around: ClientSurroundings, pauseMilliseconds: number) {
    this.#around = around;
    const size = 2 + Math.floor(around.random() * 4);
    for (let number = 1; number <= size; number++) this.#loop(`c${number}`, pauseMilliseconds);
    this.#compactNowAndThen();
    for (let number = 1; number <= 2; number++)
      this.watches.push(new Watcher(`w${number}`, around, this.counts));
    this.#holdLeases();
  }

  #loop(client: string, pauseMilliseconds: number): void {
    const { scheduler, random, active } = this.#around;
    const next = (): void => {
      scheduler.after(random() * 2 * pauseMilliseconds, `${client} next`, () => {
        if (active()) this.#operate(client, next);
        else next();
      });
    };
    next();
  }

  /** One operation; the client goes on when there is an answer, or its node has gone. */
  #operate(client: string, done: () => void): void {
    const { random, history, scheduler } = this.#around;
    const connection = connect(this.#around);
    if (connection === null) {
      done();
      return;
    }
    const action = this.#chooseAction(random);
    const operation = history.begin(client, pick(random, keys), action);
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      done();
    };
    const look = (): void => {
      if (ended) return;
      if (!connection.isGone()) {
        scheduler.after(200, `${client} waits`, look);
        return;
      }
      operation.unknown();
      this.counts.unknown += 1;
      end();
    };
    look();
    this.#perform(connection.store, operation, action).then(end, (error: unknown) => {
      this.#around.fail(error);
      end();
    });
  }

  #chooseAction(random: Random): OperationAction {
    this.#lastValue += 1;
    const value = `v${this.#lastValue}`;
    const chance = random();
    if (chance < 0.35) return { kind: 'put', value };
    if (chance < 0.7) return { kind: 'get' };
    if (chance < 0.8) return { kind: 'delete' };
    const expected = random() < 0.3 ? null : `v${this.#lastValue - 1 - Math.floor(random() * 4)}`;
    return { kind: 'compareAndSet', expected, value };
  }

  async #perform(store: Store, operation: OpenOperation, action: OperationAction): Promise<void> {
    try {
      operation.succeeded(await ask(store, bytes(operation.key), action));
      this.counts.acknowledged += 1;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unavailable') throw error;
      operation.unknown();
      this.counts.unknown += 1;
    }
  }

  #compactNowAndThen(): void {
    const { scheduler, random, active } = this.#around;
    scheduler.after(4_000 + random() * 8_000, 'compaction', () => {
      const connection = active() ? connect(this.#around) : null;
      void connection?.store
        .status()
        .then(({ revision }) => connection.store.compact(revision - Math.floor(random() * 30)))
        .catch(() => {});
      this.#compactNowAndThen();
    });
  }

  #holdLeases(): void {
    const { scheduler, random, active } = this.#around;
    scheduler.after(3_000 + random() * 6_000, 'a lease', () => {
      const connection = active() ? connect(this.#around) : null;
      if (connection !== null) {
        this.counts.leases += 1;
        this.leases.push(new LeaseHolder(this.counts.leases, this.#around, connection.store));
      }
      this.#holdLeases();
    });
  }
}

async function ask(store: Store, key: Uint8Array, action: OperationAction): Promise<string | boolean | null> {
  switch (action.kind) {
    case 'put':
      await store.transact({ success: [{ operation: 'put', key, value: bytes(action.value) }] });
      return null;
    case 'get': {
      const { items } = await store.range({ key });
      return items[0] === undefined ? null : text(items[0].value);
    }
    case 'delete': {
      const { results } = await store.transact({ success: [{ operation: 'delete', key }] });
      return results[0]?.operation === 'delete' && results[0].deleted > 0;
    }
    case 'compareAndSet': {
      const { expected, value } = action;
      const condition =
        expected === null
          ? ({ target: 'version', key, relation: 'equal', is: 0 } as const)
          : ({ target: 'value', key, relation: 'equal', is: bytes(expected) } as const);
      const success = [{ operation: 'put', key, value: bytes(value) } as const];
      return (await store.transact({ compare: [condition], success })).succeeded;
    }
  }
}

/** Watches everything, on one node after the other, and goes on each time where it stood. */
export class Watcher {
  readonly name: string;
  readonly #around: ClientSurroundings;
  readonly #counts: ClientCounts;
  readonly #changes: SeenChange[] = [];
  readonly #compacted: { from: number; through: number }[] = [];
  #through = 0;

  constructor(name: string, around: ClientSurroundings, counts: ClientCounts) {
    this.name = name;
    this.#around = around;
    this.#counts = counts;
    this.#again();
  }

  record(): WatchRecord {
    const { name } = this;
    return { name, from: 1, changes: this.#changes, through: this.#through, compacted: this.#compacted };
  }

  get through(): number {
    return this.#through;
  }

  #again(): void {
    const { scheduler, random } = this.#around;
    scheduler.after(50 + random() * 500, `${this.name} connects`, () => this.#connect());
  }

  #connect(): void {
    const { scheduler, random } = this.#around;
    const connection = connect(this.#around);
    if (connection === null) {
      this.#again();
      return;
    }
    this.#counts.watchRestarts += 1;
    const abort = new AbortController();
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      this.#again();
    };
    const request = { key: bytes('a'), end: bytes('~'), startRevision: this.#through + 1 };
    const onBatch = ({ changes, revision }: { changes: readonly Change[]; revision: number }): void => {
      if (ended) return;
      for (const { key, type, value, modifyRevision } of changes)
        this.#changes.push({ revision: modifyRevision, key: text(key), type, value: text(value) });
      this.#through = revision;
    };
    connection.store
      .watch(request, { onStarted: () => {}, onBatch }, abort.signal)
      .then(end, (error: unknown) => {
        this.#lost(error, ended);
        end();
      });
    const until = scheduler.now + 1_000 + random() * 20_000;
    const look = (): void => {
      if (ended) return;
      if (connection.isGone()) end();
      else if (scheduler.now > until) abort.abort();
      if (!ended) scheduler.after(300, `${this.name} looks`, look);
    };
    look();
  }

  #lost(error: unknown, ended: boolean): void {
    if (!(error instanceof StoreError)) this.#around.fail(error);
    if (ended || !isCompacted(error)) return;
    this.#compacted.push({ from: this.#through + 1, through: error.revision - 1 });
    this.#through = error.revision - 1;
  }
}

function isCompacted(error: unknown): error is StoreError & { readonly revision: number } {
  return error instanceof StoreError && error.code === 'compacted' && error.revision !== undefined;
}

/** Holds a lease with a key for a while, then lets it run out. */
export class LeaseHolder {
  readonly key: string;
  readonly #id: number;
  readonly #seconds: number;
  readonly #around: ClientSurroundings;
  #confirmedAt: number | null = null;
  #askedAt = 0;
  #renewals: number;
  #isPut = false;

  constructor(number: number, around: ClientSurroundings, store: Store) {
    this.key = `lease-${number}`;
    this.#id = 1_000 + number;
    this.#seconds = 1 + Math.floor(around.random() * 5);
    this.#renewals = Math.floor(around.random() * 6);
    this.#around = around;
    void this.#begin(store).catch((error: unknown) => this.#expected(error));
  }

  /** null: nothing was promised about it. */
  record(goneAt: number | null, ledSince: number): LeaseRecord | null {
    if (this.#confirmedAt === null || !this.#isPut) return null;
    const [id, seconds, confirmedAt] = [this.#id, this.#seconds, this.#confirmedAt];
    return { id, seconds, confirmedAt, prolongedAt: Math.max(this.#askedAt, ledSince), goneAt };
  }

  async #begin(store: Store): Promise<void> {
    const askedAt = this.#around.scheduler.now;
    this.#askedAt = askedAt;
    await store.grantLease(this.#id, this.#seconds);
    this.#confirmedAt = askedAt;
    const put = { operation: 'put', key: bytes(this.key), value: bytes('held'), lease: this.#id } as const;
    await store.transact({ success: [put] });
    this.#isPut = true;
    this.#renewLater();
  }

  #renewLater(): void {
    if (this.#renewals-- <= 0) return;
    const { scheduler } = this.#around;
    scheduler.after((this.#seconds * 1000) / 3, `${this.key} renews`, () => {
      const connection = connect(this.#around);
      if (connection !== null)
        void this.#renew(connection.store).catch((error: unknown) => this.#expected(error));
      this.#renewLater();
    });
  }

  async #renew(store: Store): Promise<void> {
    const askedAt = this.#around.scheduler.now;
    this.#askedAt = askedAt;
    await store.keepLeaseAlive(this.#id);
    this.#confirmedAt = Math.max(this.#confirmedAt ?? 0, askedAt);
  }

  #expected(error: unknown): void {
    const codes = ['unavailable', 'leaseNotFound', 'leaseExists'];
    if (!(error instanceof StoreError) || !codes.includes(error.code)) this.#around.fail(error);
  }
}

/** The changes of the state as they are applied here, for those who listen; on a spare, as the leader tells them. */
import type { Clock } from './clock.ts';
import type { Change } from './state-machine/model.ts';
import type { ChangesPage, StateView } from './state-machine/reading.ts';
import type { LiveChanges } from './store-core.ts';

export interface LiveSurroundings {
  readonly clock: Clock;
  /** The state here; null when it does not follow the leader's. */
  local(): StateView | null;
  /**
   * Waits for changes at the leader; null when it cannot be asked now. `from` null: none, only where the leader stands.
   */
  remote(from: number | null, previous: boolean): Promise<ChangesPage | null>;
}

interface Listener {
  readonly previous: boolean;
  readonly hear: (live: LiveChanges) => void;
}

const revisionsAtOnce = 500;
const pauseMilliseconds = 50;
const noChanges: readonly Change[] = [];

export class LiveStream {
  readonly #around: LiveSurroundings;
  readonly #listeners = new Set<Listener>();
  readonly #waiters = new Set<() => void>();
  /** Everything up to here has been told; null while nobody listens. */
  #told: number | null = null;
  #polling = false;
  #closed = false;

  constructor(around: LiveSurroundings) {
    this.#around = around;
  }

  /** Hears the present revision at once, then every change. */
  listen(previous: boolean, hear: (live: LiveChanges) => void): () => void {
    const listener = { previous, hear };
    this.#listeners.add(listener);
    const view = this.#around.local();
    if (view !== null) {
      this.#told ??= view.number('revision');
      const told = this.#told;
      hear({ changes: noChanges, since: told, through: told, gap: false });
    }
    void this.#poll();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#told = null;
    };
  }

  /** Something was applied here. */
  applied(): void {
    for (const waiter of this.#waiters) waiter();
    const view = this.#around.local();
    if (this.#listeners.size === 0 || view === null) return;
    for (;;) {
      const newest = view.number('revision');
      this.#told ??= newest;
      if (newest < this.#told) this.#startOver(newest);
      if (newest <= this.#told) return;
      this.#tell(view.changes(this.#told + 1, revisionsAtOnce, this.#wantsPrevious()), newest);
    }
  }

  /** Resolves when revision `from` has been applied here, or the time is over. */
  reached(from: number, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#waiters.delete(look);
        resolve();
      };
      const look = (): void => {
        const view = this.#around.local();
        if (view === null || view.number('revision') >= from) finish();
      };
      const cancel = this.#around.clock.after(milliseconds, finish);
      this.#waiters.add(look);
      look();
    });
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    for (const waiter of this.#waiters) waiter();
  }

  #wantsPrevious(): boolean {
    for (const { previous } of this.#listeners) if (previous) return true;
    return false;
  }

  /** The state here is another one, and older, as the node became a replica anew: it will catch up. */
  #startOver(newest: number): void {
    this.#told = newest;
    for (const { hear } of this.#listeners)
      hear({ changes: noChanges, since: newest, through: newest, gap: true });
  }

  #tell(page: ChangesPage, newest: number): void {
    const since = this.#told ?? 0;
    const gap = page.kind === 'compacted';
    const changes = gap ? noChanges : page.changes;
    const through = gap ? newest : page.through;
    this.#told = through;
    for (const { hear } of this.#listeners) hear({ changes, since, through, gap });
  }

  /** As long as somebody listens and the state here stands still: asks the leader. */
  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    while (this.#listeners.size > 0 && !this.#closed) {
      if (this.#around.local() === null) await this.#pollOnce();
      else this.applied();
      await new Promise<void>((resolve) => this.#around.clock.after(pauseMilliseconds, resolve));
    }
    this.#polling = false;
  }

  async #pollOnce(): Promise<void> {
    const from = this.#told === null ? null : this.#told + 1;
    const page = await this.#around.remote(from, this.#wantsPrevious());
    if (page === null || this.#listeners.size === 0) return;
    this.#told ??= page.kind === 'changes' ? page.through : page.oldest;
    this.#tell(page, page.kind === 'compacted' ? page.oldest - 1 : page.through);
  }
}

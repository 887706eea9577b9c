/**
 * What was committed, as a state machine of its own sees it that no fault ever touches: the truth that replicas and
 * watches are compared with.
 */
import type { SeenChange } from '../checkers/watch-stream.ts';
import { openStateMachine } from '../datastore/state-machine/state-machine.ts';
import { decodeConfiguration } from '../raft/configuration.ts';
import type { Entry } from '../raft/types.ts';

export class CommittedHistory {
  readonly changes: SeenChange[] = [];
  /** By lease: when the last of its keys went away. */
  readonly goneAt = new Map<string, number>();
  readonly #machine = openStateMachine(':memory:');
  readonly #now: () => number;
  #revision: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#revision = this.#machine.view.number('revision');
  }

  add(entry: Entry): void {
    this.#machine.apply([entry], decodeConfiguration);
    const revision = this.#machine.view.number('revision');
    if (revision === this.#revision) return;
    const page = this.#machine.view.changes(this.#revision + 1, 1_000, false);
    this.#revision = revision;
    if (page.kind !== 'changes') return;
    for (const { modifyRevision, key, type, value } of page.changes) {
      const name = Buffer.from(key).toString();
      this.changes.push({ revision: modifyRevision, key: name, type, value: Buffer.from(value).toString() });
      if (type === 'delete') this.goneAt.set(name, this.#now());
      else this.goneAt.delete(name);
    }
  }

  get revision(): number {
    return this.#revision;
  }

  /** Of everything that can be read now. */
  checksum(): number {
    return this.#machine.hashing(this.#revision).step(1_000_000) ?? 0;
  }

  close(): void {
    this.#machine.close();
  }
}

/** What clients did and saw in a run, in the order in which it happened, for the checkers. */
import type { Operation, OperationAction } from '../checkers/linearizability.ts';

export class History {
  readonly operations: Operation[] = [];
  #moment = 0;

  /** Counts up: two things never happen at the same moment. */
  moment(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /** Begins an operation; without an end its outcome is unknown. */
  begin(client: string, key: string, action: OperationAction): OpenOperation {
    return new OpenOperation(this, client, key, action);
  }

  add(operation: Operation): void {
    this.operations.push(operation);
  }
}

export class OpenOperation {
  readonly #history: History;
  readonly key: string;
  readonly #facts: Pick<Operation, 'client' | 'key' | 'action' | 'invokedAt'>;
  #ended = false;

  constructor(history: History, client: string, key: string, action: OperationAction) {
    this.#history = history;
    this.key = key;
    this.#facts = { client, key, action, invokedAt: history.moment() };
  }

  /** The answer came: the value read, whether it was swapped or deleted; null for a put. */
  succeeded(result: Operation['result']): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#history.add({ ...this.#facts, returnedAt: this.#history.moment(), result });
  }

  /** It may have happened, happen later, or never. A read without an answer says nothing. */
  unknown(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#facts.action.kind !== 'get')
      this.#history.add({ ...this.#facts, returnedAt: null, result: null });
  }
}

/** The core thread asks the main thread for what only that knows: the status with the machine's own part in it. */
import type { FromCore, ToCore } from './core-protocol.ts';

const answerMilliseconds = 10_000;

export class MainAsker {
  readonly #send: (message: FromCore) => void;
  readonly #waiting = new Map<number, (answer: Extract<ToCore, { type: 'status' }>) => void>();
  #lastId = 0;

  constructor(send: (message: FromCore) => void) {
    this.#send = send;
  }

  /** Rejects when the main thread does not answer. */
  status(): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error('The agent is too busy to answer.'));
      }, answerMilliseconds);
      this.#waiting.set(id, ({ status, problem }) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (problem === null) resolve(status);
        else reject(new Error(problem));
      });
      this.#send({ type: 'askStatus', id });
    });
  }

  answered(message: Extract<ToCore, { type: 'status' }>): void {
    this.#waiting.get(message.id)?.(message);
  }
}

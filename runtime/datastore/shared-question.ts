/**
 * One question for all who ask at the same time. Who asks while an answer is on its way waits for the next question: an
 * answer must have been asked for after the one who takes it came.
 */
export class SharedQuestion {
  readonly #ask: () => Promise<boolean>;
  #asking: Promise<boolean> | null = null;
  #askingNext: Promise<boolean> | null = null;

  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
  }

  answer(): Promise<boolean> {
    if (this.#asking === null) {
      this.#asking = this.#ask().finally(() => {
        this.#asking = null;
      });
      return this.#asking;
    }
    const next = (): Promise<boolean> => {
      this.#askingNext = null;
      return this.answer();
    };
    this.#askingNext ??= this.#asking.then(next, next);
    return this.#askingNext;
  }
}

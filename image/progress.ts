/** Says what a build is doing, and remembers how long each stage took. */

export interface StageTime {
  readonly stage: string;
  readonly seconds: number;
}

export class Progress {
  readonly times: StageTime[] = [];
  readonly #say: (line: string) => void;
  readonly #announce: (line: string) => void;
  readonly #startedAt = performance.now();

  /**
   * @param say takes one line at a time, without its end.
   * @param announce shows, on a terminal, what is being done, until the next line takes its place.
   */
  constructor(say: (line: string) => void, announce: (line: string) => void = () => {}) {
    this.#say = say;
    this.#announce = announce;
  }

  /** Something a person should know although the build goes on. */
  warn(text: string): void {
    this.#say(`warning: ${text}`);
  }

  /** Runs a stage; `result` may add a few words to its line. */
  async stage<T>(stage: string, work: () => Promise<T>, remark: (value: T) => string = () => ''): Promise<T> {
    const startedAt = performance.now();
    this.#announce(`${stage.padEnd(14)}    … `);
    const value = await work();
    const seconds = (performance.now() - startedAt) / 1000;
    this.times.push({ stage, seconds });
    const words = remark(value);
    this.#say(`${stage.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s${words ? `   ${words}` : ''}`);
    return value;
  }

  get totalSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}

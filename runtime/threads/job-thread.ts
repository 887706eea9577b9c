/** The side that has jobs done by a thread, which is there only while there is something to do; `jobs.ts` is the other side. */
import type { Worker } from 'node:worker_threads';
import type { JobOutcome, JobRequest, Jobs } from './jobs.ts';

export interface JobThreadOptions {
  /** For messages: "the storage thread". */
  readonly title: string;
  readonly start: () => Worker;
  /** The thread is ended when it had nothing to do for this long; null: it stays. */
  readonly restMilliseconds: number | null;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that is running, and what it has been asked. */
interface Running {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

export class JobThread<Known extends Jobs> {
  readonly #options: JobThreadOptions;
  #running: Running | null = null;
  #rest: NodeJS.Timeout | undefined;
  #lastId = 0;
  #closed = false;

  constructor(options: JobThreadOptions) {
    this.#options = options;
  }

  /** Has a job done, behind those that wait. Rejects with the job's own message, or when the thread ends. */
  async run<Name extends keyof Known & string>(
    name: Name,
    ...parameters: Parameters<Known[Name]>
  ): Promise<Awaited<ReturnType<Known[Name]>>> {
    if (this.#closed) throw new Error(`${this.#options.title} was ended`);
    clearTimeout(this.#rest);
    const { worker, waiting } = this.#started();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Awaited<ReturnType<Known[Name]>>>((resolve, reject) => {
      // The other side runs the function of that name.
      waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      worker.postMessage({ id, name, parameters } satisfies JobRequest);
    });
  }

  /** Ends the thread; what it has not answered is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  #started(): Running {
    if (this.#running !== null) return this.#running;
    const running: Running = { worker: this.#options.start(), waiting: new Map() };
    const { worker, waiting } = running;
    worker.on('message', (outcome: JobOutcome) => {
      settle(waiting, outcome);
      if (waiting.size === 0 && this.#running === running) this.#beginRest();
    });
    worker.on('error', (error) => this.#lost(running, error));
    worker.on('exit', () => this.#lost(running, new Error(`${this.#options.title} ended`)));
    this.#running = running;
    return running;
  }

  /** Ended from here, and not by itself: a job that is on its way to it cannot be lost so. */
  #beginRest(): void {
    const { restMilliseconds } = this.#options;
    if (restMilliseconds === null) return;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.#end(), restMilliseconds);
    this.#rest.unref();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#rest);
    const running = this.#running;
    this.#running = null;
    await running?.worker.terminate();
  }

  /** What it was asked fails; the next job has another one started. */
  #lost(running: Running, error: Error): void {
    if (this.#running === running) this.#running = null;
    for (const { reject } of running.waiting.values()) reject(error);
    running.waiting.clear();
  }
}

function settle(waiting: Map<number, Waiting>, outcome: JobOutcome): void {
  const asked = waiting.get(outcome.id);
  waiting.delete(outcome.id);
  if ('error' in outcome) asked?.reject(new Error(outcome.error));
  else asked?.resolve(outcome.result);
}

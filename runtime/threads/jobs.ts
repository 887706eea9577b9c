/** The side of a thread that does jobs for another one, `job-thread.ts`. */
import type { MessagePort } from 'node:worker_threads';

/** Functions by name; what they take and give is cloned on its way. */
// biome-ignore lint/suspicious/noExplicitAny: any function at all, each with parameters of its own.
export type Jobs = Readonly<Record<string, (...parameters: any[]) => unknown>>;

export interface JobRequest {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export type JobOutcome = { readonly id: number } & (
  | { readonly result: unknown }
  | { readonly error: string }
);

/** Answers jobs one after the other; `load` brings the functions when the first one comes. Called once, in the thread. */
export function runJobs(port: MessagePort, load: () => Jobs | Promise<Jobs>): void {
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: JobRequest) => {
    last = last.then(async () => port.postMessage(await perform(request, load)));
  });
}

async function perform(
  { id, name, parameters }: JobRequest,
  load: () => Jobs | Promise<Jobs>,
): Promise<JobOutcome> {
  try {
    const job = (await load())[name];
    if (job === undefined) throw new Error(`This thread knows no job "${name}".`);
    return { id, result: await job(...parameters) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

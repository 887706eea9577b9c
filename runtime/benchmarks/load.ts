/** The client's process from the benchmark's side. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Job, Measured } from './load-jobs.ts';

export class LoadClient {
  readonly #child: ChildProcess = fork(path.join(import.meta.dirname, 'load-process.ts'), {
    serialization: 'advanced',
  });

  run(job: Job): Promise<Measured> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`the client's process ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (answer: { measured: Measured } | { error: string }) => {
        this.#child.off('exit', onExit);
        if ('measured' in answer) resolve(answer.measured);
        else reject(new Error(`${job.kind}: ${answer.error}`));
      });
      this.#child.send(job);
    });
  }

  close(): void {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }
}

/**
 * A program that uses what the runtime uses, built the way the runtime is built: the tests run it where there is
 * nothing but the file itself. Prints one JSON object, a member for each thing tried.
 *
 *   example DIRECTORY [COMMAND…]   COMMAND runs the program itself once more, with the word `child`
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { tryDatabase } from './database.ts';
import { tryPlatform } from './platform.ts';

async function main([directory = '.', ...command]: readonly string[]): Promise<object> {
  const file = path.join(directory, 'notes.db');
  const journalOfWorker = await askWorker(file);
  const { tryTls } = await import('./tls.ts');
  return {
    journalOfWorker,
    ...tryDatabase(file),
    ...tryPlatform(),
    ...(await tryTls()),
    child: command.length > 0 ? runChild(command) : null,
  };
}

/** A path, not a URL: the bundles are files only by name. */
function askWorker(file: string): Promise<string> {
  // A worker of pkg's programs cannot start others.
  const mayStart = !('pkg' in process);
  const worker = new Worker(path.join(import.meta.dirname, 'core-thread.cjs'), {
    workerData: { file, mayStart },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function runChild([program = '', ...words]: readonly string[]): string {
  return execFileSync(program, [...words, 'child'], { stdio: ['pipe', 'pipe', 'inherit'], encoding: 'utf8' });
}

if (process.argv.at(-1) === 'child') {
  process.stdout.write('the child speaks');
} else {
  main(process.argv.slice(2)).then(
    (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

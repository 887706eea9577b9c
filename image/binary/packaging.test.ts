import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { checkout } from '../checkout.ts';
import { bundleRuntime } from './bundle.ts';
import { packageExecutable } from './package-executable.ts';

const example = {
  trivet: 'image/binary/example/main.ts',
  'core-thread': 'image/binary/example/core-thread.ts',
};

/** Bundles and packages the example in a directory of its own. */
async function makeExample(directory: string): Promise<string> {
  const shared = { checkout, architecture: architectureOf('x86_64'), version: '1.2.3' };
  const bundleDirectory = path.join(directory, 'trivet');
  await bundleRuntime({ ...shared, outputDirectory: bundleDirectory, entryPoints: example });
  const output = path.join(directory, 'example');
  await packageExecutable({
    ...shared,
    bundleDirectory,
    workDirectory: path.join(directory, 'work'),
    output,
  });
  return output;
}

t.test('packageExecutable makes a program that uses SQLite in a worker, without HOME', async (t) => {
  const directory = t.testdir({ cache: {} });
  const executable = await makeExample(directory);
  const cache = path.join(directory, 'cache');
  const { stdout } = await promisify(execFile)(executable, [path.join(directory, 'notes.db')], {
    env: { PKG_NATIVE_CACHE_PATH: cache },
  });
  const text = 'written in the worker';
  t.same(JSON.parse(stdout), { isPackaged: true, fromWorker: text, fromMain: text });
});

t.test('packageExecutable makes the same bytes from the same input elsewhere', async (t) => {
  const directory = t.testdir({ here: {}, there: {} });
  const digests: string[] = [];
  for (const name of ['here', 'there']) {
    const executable = await makeExample(path.join(directory, name));
    digests.push(createHash('sha256').update(readFileSync(executable)).digest('hex'));
  }
  t.equal(digests[0], digests[1]);
});

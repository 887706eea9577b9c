import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import t from 'tap';
import { openCache } from '../cache/cache.ts';
import { hostArchitecture } from '../tools/tools.ts';
import { type Apt, openApt } from './apt.ts';
import { fetchPackages, packageFile } from './fetch.ts';
import type { Package } from './package.ts';

t.setTimeout(180_000);

const content = Buffer.from('what a package holds');
const sha256 = createHash('sha256').update(content).digest('hex');
const alpha: Package = {
  ...{ name: 'alpha', version: '1-2', architecture: 'source', archive: 'debian' },
  ...{ path: 'pool/main/a/alpha/alpha_1.orig.tar.gz', sizeBytes: content.length, sha256 },
};

/** A mirror on this machine that gives these bytes for everything, and an apt that uses it. */
async function startMirror(t: Tap, bytes: Buffer): Promise<{ readonly apt: () => Promise<Apt> }> {
  const server = createServer((_, response) => response.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { apt: aptWith(t, (server.address() as AddressInfo).port) };
}

type Tap = Pick<typeof t, 'teardown' | 'testdir'>;

function aptWith(t: Tap, port: number): () => Promise<Apt> {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  return async () => {
    const apt = await openApt(cache, hostArchitecture.debian);
    // What fails here fails for good.
    appendFileSync(path.join(apt.directory, 'apt.conf'), 'Acquire::Retries "0";\n');
    return { ...apt, mirrors: { debian: `http://127.0.0.1:${port}/debian` } };
  };
}

t.test('fetchPackages takes what has the right digest, once', async (t) => {
  const { apt } = await startMirror(t, content);
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  t.equal(await fetchPackages(cache, [alpha], { offline: false, apt }), 1);
  t.ok(readFileSync(packageFile(cache, alpha)).equals(content));
  t.match(packageFile(cache, alpha), new RegExp(`${sha256}\\.gz$`));
  const never = (): Promise<Apt> => Promise.reject(new Error('apt was asked for'));
  t.equal(await fetchPackages(cache, [alpha], { offline: false, apt: never }), 0);
});

t.test('fetchPackages keeps nothing that has another digest', async (t) => {
  const { apt } = await startMirror(
    t,
    Buffer.from('something else, of the same length'.slice(0, content.length)),
  );
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  await t.rejects(fetchPackages(cache, [alpha], { offline: false, apt }), {
    code: 'packages',
    message: /^The package alpha 1-2 that the mirror gave is not the one that is asked for/,
  });
  t.notOk(existsSync(packageFile(cache, alpha)));
});

t.test('fetchPackages says that the mirror cannot be reached', async (t) => {
  // Nothing listens on a port that a server has just left.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  await t.rejects(fetchPackages(cache, [alpha], { offline: false, apt: aptWith(t, port) }), {
    code: 'packages',
    message: /cannot be fetched from the mirror\. Check the network/,
  });
});

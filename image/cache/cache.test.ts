import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { cached, cacheKey, openCache } from './cache.ts';
import { sweepCache } from './sweep.ts';

t.test('openCache follows XDG_CACHE_HOME', async (t) => {
  t.equal(openCache({ XDG_CACHE_HOME: '/x' }).directory, '/x/trivet');
  t.match(openCache({}).directory, /\/\.cache\/trivet$/);
});

t.test('cached makes a result once', async (t) => {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  let made = 0;
  const make = async (directory: string): Promise<void> => {
    made += 1;
    writeFileSync(path.join(directory, 'result'), String(made));
  };
  const first = await cached(cache, 'stage', cacheKey('a'), make);
  const second = await cached(cache, 'stage', cacheKey('a'), make);
  t.equal(first, second);
  t.equal(readFileSync(path.join(second, 'result'), 'utf8'), '1');
  t.not(await cached(cache, 'stage', cacheKey('b'), make), first);
});

t.test('cached leaves nothing of a failure', async (t) => {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  const fail = async (directory: string): Promise<void> => {
    writeFileSync(path.join(directory, 'half'), '');
    throw new Error('no');
  };
  await t.rejects(cached(cache, 'stage', 'key', fail), /no/);
  t.same(readdirSync(path.join(cache.directory, 'stage')), []);
});

t.test('cached keeps one result when two builds make it at once', async (t) => {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  const make = async (directory: string): Promise<void> =>
    writeFileSync(path.join(directory, 'result'), 'same');
  const [one, other] = await Promise.all([cached(cache, 's', 'k', make), cached(cache, 's', 'k', make)]);
  t.equal(one, other);
  t.same(readdirSync(path.join(cache.directory, 's')), ['k']);
});

t.test('cached drops what was used longest ago, and nothing that may be in use', async (t) => {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  const make = (key: string): Promise<string> =>
    cached(cache, 'stage', key, async (directory) => writeFileSync(path.join(directory, 'r'), ''));
  const directories: string[] = [];
  for (let key = 1; key <= 14; key += 1) directories.push(await make(String(key)));
  t.equal(directories.filter((directory) => existsSync(directory)).length, 14, 'all were just used');
  for (const [index, directory] of directories.entries()) utimesSync(directory, 1000 + index, 1000 + index);
  await make('15');
  t.same(
    directories.map((directory) => existsSync(directory)),
    directories.map((_, index) => index >= 3),
    'twelve are kept, the newest among them',
  );
});

t.test(
  'a result whose content has a date of its own is neither swept while it is made nor dropped as old',
  async (t) => {
    const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
    const result = await cached(cache, 'stage', 'key', async (directory) => {
      writeFileSync(path.join(directory, 'file'), '');
      // As dpkg-deb does.
      utimesSync(directory, 1000, 1000);
      await sweepCache(cache);
    });
    t.same(readdirSync(result), ['file'], 'another build’s sweep leaves it alone');
    t.ok(Date.now() - statSync(result).mtimeMs < 60_000, 'it was used just now');
  },
);

t.test('sweepCache removes what ended processes left, and nothing else', async (t) => {
  // No process has this id: it is beyond the largest that Linux gives.
  const [ended, living] = ['4194305', String(process.pid)];
  const directory = t.testdir({
    trivet: {
      building: { [ended]: { root: {} }, [living]: {} },
      composing: { [`initrd-${ended}`]: {} },
      base: { key: {}, '.key.old': {}, '.key.new': {} },
    },
  });
  utimesSync(path.join(directory, 'trivet/base/.key.old'), 1, 1);
  await sweepCache(openCache({ XDG_CACHE_HOME: directory }));
  t.same(readdirSync(path.join(directory, 'trivet/building')), [living]);
  t.same(readdirSync(path.join(directory, 'trivet/composing')), []);
  t.same(readdirSync(path.join(directory, 'trivet/base')).sort(), ['.key.new', 'key']);
  await t.resolves(sweepCache(openCache({ XDG_CACHE_HOME: path.join(directory, 'absent') })));
});

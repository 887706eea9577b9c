import t from 'tap';
import { parseIndexTargets } from './host-apt.ts';
import { parseSimulation, parseStanzas } from './resolve.ts';

const stanza = (name: string, path: string): string =>
  [
    `Package: ${name}`,
    'Version: 1:2-3',
    'Architecture: amd64',
    `Filename: ${path}`,
    'Size: 12',
    'SHA256: ab',
  ].join('\n');

t.test('parseIndexTargets finds the mirrors of Debian among other sources', async (t) => {
  const text = [
    'https://packages.example/apt/ cloud-bookworm main Packages',
    'http://mirror.example/debian/ bookworm main Packages',
    'http://mirror.example/debian/ bookworm-updates main Packages',
    'http://second.example/debian/ bookworm main Packages',
    'http://mirror.example/debian-security/ bookworm-security main Packages',
  ].join('\n');
  t.same(parseIndexTargets(text), {
    debian: 'http://mirror.example/debian',
    'debian-security': 'http://mirror.example/debian-security',
  });
  t.same(parseIndexTargets('https://packages.example/apt/ stable contrib Packages\n'), {});
});

t.test('parseSimulation takes what apt would install', async (t) => {
  const text = 'Inst gcc-14-base (14.2.0-19 Debian:13.0/stable [amd64])\nConf gcc-14-base (14.2.0-19)\n';
  t.same(parseSimulation(text), ['gcc-14-base=14.2.0-19']);
});

t.test('parseStanzas knows from the path which archive a package comes from', async (t) => {
  const text = `${stanza('a', 'pool/main/a/a.deb')}\n\n${stanza('b', 'pool/updates/main/b/b.deb')}\n\n`;
  t.same(
    parseStanzas(text).map(({ name, archive }) => [name, archive]),
    [
      ['a', 'debian'],
      ['b', 'debian-security'],
    ],
  );
  t.same(parseStanzas(stanza('a', 'pool/x.deb'))[0], {
    ...{ name: 'a', version: '1:2-3', architecture: 'amd64', archive: 'debian' },
    ...{ path: 'pool/x.deb', sizeBytes: 12, sha256: 'ab' },
  });
});

t.test('parseStanzas refuses an entry without a digest', async (t) => {
  const text = stanza('a', 'pool/x.deb').replace('SHA256: ab', '');
  t.throws(() => parseStanzas(text), { code: 'packages', message: /without "SHA256"/ });
});

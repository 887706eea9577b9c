import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { addCopyrights } from './copyrights.ts';

t.test('addCopyrights brings every package its copyright file, through links too', async (t) => {
  const directory = t.testdir({
    tree: {},
    packages: {
      usr: {
        share: {
          doc: {
            'gcc-base': { copyright: 'GPL', 'changelog.gz': 'long' },
            'libstdc++': t.fixture('symlink', 'gcc-base'),
            other: { copyright: 'not installed' },
          },
        },
      },
    },
  });
  const [tree, packages] = [path.join(directory, 'tree'), path.join(directory, 'packages')];
  await addCopyrights(tree, [{ tree: packages, packages: ['gcc-base', 'libstdc++'] }]);
  t.equal(readFileSync(path.join(tree, 'usr/share/doc/libstdc++/copyright'), 'utf8'), 'GPL');
  t.notOk(existsSync(path.join(tree, 'usr/share/doc/gcc-base/changelog.gz')), 'and nothing else of it');
  t.notOk(existsSync(path.join(tree, 'usr/share/doc/other')), 'and nothing of other packages');
});

t.test('addCopyrights stops at a package that says nothing about its licence', async (t) => {
  const directory = t.testdir({ tree: {}, packages: {} });
  const sources = [{ tree: path.join(directory, 'packages'), packages: ['nameless'] }];
  await t.rejects(addCopyrights(path.join(directory, 'tree'), sources), {
    code: 'licenses',
    message: /The Debian package nameless has no \/usr\/share\/doc\/nameless\/copyright/,
  });
});

import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { addLibraries } from './libraries.ts';
import { parseAssignments, parseList } from './list-file.ts';
import { placeCopy, placeDirectory, placeLink, placeText } from './place.ts';
import { listTree, selectPaths } from './select.ts';

const architecture = architectureOf('x86_64');

t.test('parseList leaves out comments and keeps line numbers', async (t) => {
  t.same(parseList('# a\n\n  b # not a comment\n'), [{ text: 'b # not a comment', number: 3 }]);
});

t.test('parseAssignments keeps order and repetition', async (t) => {
  t.same(parseAssignments('a: x y\n# c\na: z\n'), [
    ['a', ['x', 'y']],
    ['a', ['z']],
  ]);
});

t.test('selectPaths understands names, stars within a name, and directories', async (t) => {
  const paths = [
    'usr/bin/a',
    'usr/bin/ab',
    'usr/bin/x/a',
    'usr/lib/x86_64-linux-gnu/libc.so',
    'usr/share/d/e/f',
  ];
  const select = (text: string): readonly string[] => selectPaths(paths, parseList(text), architecture);
  t.same(select('/usr/bin/a'), ['usr/bin/a']);
  t.same(select('/usr/bin/a*'), ['usr/bin/a', 'usr/bin/ab']);
  t.same(select('/usr/share/'), ['usr/share/d/e/f']);
  t.same(select('/usr/lib/{multiarch}/libc.so'), ['usr/lib/x86_64-linux-gnu/libc.so']);
});

t.test('selectPaths names the line of a pattern that matches nothing', async (t) => {
  t.throws(() => selectPaths(['a'], parseList('# x\n/a\n/gone\n'), architecture), {
    code: 'packages',
    message: /contents\.txt, line 3: none of the base packages has \/gone/,
  });
});

t.test('placed files have the same modes whatever the umask is', async (t) => {
  const directory = t.testdir({ source: { tool: '#!/bin/sh\n' } });
  const tree = path.join(directory, 'tree');
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  execFileSync('chmod', ['4750', path.join(directory, 'source/tool')]);
  await placeDirectory(tree, 'var/tmp', 0o1777);
  await placeText(tree, 'etc/secret/config', 'x', 0o600);
  await placeCopy(tree, 'usr/bin/tool', path.join(directory, 'source/tool'));
  const mode = (name: string): string => (statSync(path.join(tree, name)).mode & 0o7777).toString(8);
  t.same(['var', 'var/tmp', 'etc/secret', 'etc/secret/config', 'usr/bin', 'usr/bin/tool'].map(mode), [
    ...['755', '1777', '755', '600', '755', '755'],
  ]);
});

t.test('placeText replaces a file without touching what it was linked to', async (t) => {
  const directory = t.testdir({ cache: { file: 'kept' } });
  await placeCopy(directory, 'tree/file', path.join(directory, 'cache/file'), { shared: true });
  await placeText(directory, 'tree/file', 'new');
  t.equal(readFileSync(path.join(directory, 'cache/file'), 'utf8'), 'kept');
  await placeLink(directory, 'tree/link', 'file');
  await placeLink(directory, 'tree/link', 'other');
  t.equal(readlinkSync(path.join(directory, 'tree/link')), 'other');
});

t.test('addLibraries brings libraries, and what a link to one leads to', async (t) => {
  const directory = t.testdir({ tree: {}, packages: { usr: { lib: { 'x86_64-linux-gnu': {} } } } });
  const [tree, packages] = [path.join(directory, 'tree'), path.join(directory, 'packages')];
  const addon = path.resolve('node_modules/better-sqlite3/prebuilds/linux-x64.node');
  await placeCopy(tree, 'usr/lib/addon.node', addon);
  const missing = addLibraries(tree, ['usr/lib/addon.node'], [packages], architecture);
  await t.rejects(missing, {
    code: 'packages',
    message: /\/usr\/lib\/addon\.node needs the library lib.*add the package/,
  });
  for (const name of [
    'libc.so.6',
    'libm.so.6',
    'libstdc++.so.6',
    'libgcc_s.so.1',
    'libpthread.so.0',
    'libdl.so.2',
  ]) {
    await placeText(packages, `usr/lib/x86_64-linux-gnu/real-${name}`, 'a library');
    symlinkSync(`real-${name}`, path.join(packages, 'usr/lib/x86_64-linux-gnu', name));
  }
  await placeText(packages, 'usr/lib64/ld-linux-x86-64.so.2', 'the loader');
  await addLibraries(tree, ['usr/lib/addon.node'], [packages], architecture);
  const placed = await listTree(tree);
  t.ok(placed.includes('usr/lib/x86_64-linux-gnu/libc.so.6'));
  t.ok(placed.includes('usr/lib/x86_64-linux-gnu/real-libc.so.6'));
  t.ok(lstatSync(path.join(tree, 'usr/lib/x86_64-linux-gnu/libc.so.6')).isSymbolicLink());
});

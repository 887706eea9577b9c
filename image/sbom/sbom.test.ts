/** Bills of materials against the rules of their formats that tools stumble over. */
import t from 'tap';
import { type BillInput, makeBill } from './components.ts';
import { licenseOfCopyright } from './copyright-file.ts';
import { formatCycloneDx } from './cyclonedx.ts';
import { type PackageFacts, parseContents, parseControl } from './package-facts.ts';
import { recordFiles } from './provenance.ts';
import { formatSpdx } from './spdx.ts';

const facts: PackageFacts = {
  ...{ name: 'libc6', version: '2.41-12+deb13u1', architecture: 'amd64', sha256: 'ab'.repeat(32) },
  source: { name: 'glibc', version: '2.41-12+deb13u1' },
  ...{ maintainer: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>', homepage: 'https://www.gnu.org/' },
  ...{ license: 'LGPL-2.1-or-later AND LicenseRef-debian-Odd', paths: ['usr/lib/libc.so.6', 'etc/passwd'] },
};
const notice = { start: 0, end: 0 };
const input: BillInput = {
  image: { name: 'edge', version: '1.0', fileName: 'trivet-edge-1.0' },
  ...{ sha256: 'cd'.repeat(32), release: 'trixie', builderVersion: '0.1.0', sourceDateEpoch: 1_767_225_600 },
  packages: [facts, { ...facts, name: 'gcc-14-base', license: null, homepage: null }],
  notices: [
    { name: '@peculiar/x509', version: '2.2.0', license: 'MIT', source: 'npm', ...notice },
    { name: 'node', version: '24.21.0', license: 'MIT', source: 'npm', ...notice },
    { name: 'zlib', version: 'in 24.21.0', license: 'Zlib', source: 'part of node', ...notice },
    { name: 'zlib', version: 'in 24.21.0', license: 'Zlib', source: 'part of node', ...notice },
    { name: 'trivet', version: '0.1.0', license: 'Apache-2.0', source: 'this project', ...notice },
  ],
  integrities: [
    {
      name: '@peculiar/x509',
      version: '2.2.0',
      integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
    },
  ],
};

t.test('formatSpdx keeps to the rules of SPDX 2.3', async (t) => {
  const document = JSON.parse(formatSpdx(makeBill(input)));
  t.match(document, { spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT' });
  t.equal(document.creationInfo.created, '2026-01-01T00:00:00Z');
  t.match(document.documentNamespace, /^urn:uuid:[0-9a-f-]{36}$/);
  const ids = document.packages.map((item: { SPDXID: string }) => item.SPDXID);
  t.equal(new Set(ids).size, ids.length, 'every id is there once');
  for (const item of document.packages) {
    t.match(item.SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
    t.match(item.supplier, /^(NOASSERTION|(Organization|Person): .+)$/);
    t.match(item.externalRefs[0].referenceLocator, /^pkg:(deb|npm|generic)\/[^@ ]+@[^@ ]+$/);
    for (const word of ['name', 'versionInfo', 'downloadLocation', 'licenseConcluded', 'copyrightText']) {
      t.type(item[word], 'string', word);
    }
  }
  for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
    for (const id of [spdxElementId, relatedSpdxElement]) t.ok([...ids, 'SPDXRef-DOCUMENT'].includes(id), id);
  }
  t.equal(document.relationships.length, ids.length, 'one describes the image, the others what it contains');
  t.same(
    document.hasExtractedLicensingInfos.map((item: { licenseId: string }) => item.licenseId),
    ['LicenseRef-debian-Odd'],
    'a licence that SPDX does not name is explained',
  );
});

t.test('formatCycloneDx keeps to the rules of CycloneDX 1.6', async (t) => {
  const document = JSON.parse(formatCycloneDx(makeBill(input)));
  t.match(document, { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
  t.match(
    document.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const references = document.components.map((item: { 'bom-ref': string }) => item['bom-ref']);
  t.equal(new Set(references).size, references.length);
  t.same(document.dependencies, [{ ref: 'image-edge', dependsOn: references }]);
  for (const item of document.components) {
    t.ok(['application', 'library', 'operating-system'].includes(item.type));
    for (const { alg, content } of item.hashes ?? []) {
      t.match(content, alg === 'SHA-256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{128}$/, alg);
    }
  }
});

t.test('makeBill names packages by purl, and everything in one order', async (t) => {
  const { components } = makeBill(input);
  const purls = components.map(({ purl }) => purl);
  t.ok(
    purls.includes(
      'pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64&distro=debian-trixie&upstream=glibc%402.41-12%2Bdeb13u1',
    ),
  );
  t.ok(purls.includes('pkg:npm/%40peculiar/x509@2.2.0'));
  t.ok(purls.includes('pkg:generic/node@24.21.0#zlib'));
  const shuffled = {
    ...input,
    packages: [...input.packages].reverse(),
    notices: [...input.notices].reverse(),
  };
  t.equal(formatSpdx(makeBill(shuffled)), formatSpdx(makeBill(input)));
});

t.test('licenseOfCopyright reads machine-readable files only', async (t) => {
  const head = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n';
  const read = (...licenses: string[]): string | null =>
    licenseOfCopyright(head + licenses.map((one) => `\nFiles: *\nCopyright: x\nLicense: ${one}\n`).join(''));
  t.equal(read('GPL-2+'), 'GPL-2.0-or-later');
  t.equal(read('LGPL-2.1', 'Expat', 'LGPL-2.1'), 'LGPL-2.1-only AND MIT');
  t.equal(read('GPL-2+ or BSD-3-clause', 'Expat'), '(GPL-2.0-or-later OR BSD-3-Clause) AND MIT');
  t.equal(read('GPL-2+, and Expat'), 'GPL-2.0-or-later AND MIT');
  t.equal(read('GPL-2+ with odd exception'), 'LicenseRef-debian-GPL-2-with-odd-exception');
  t.equal(licenseOfCopyright('This package is free software.\nLicense: GPL-2\n'), null);
  t.equal(licenseOfCopyright(head), null, 'one that names none');
});

t.test('parseControl and parseContents read what dpkg-deb prints', async (t) => {
  const control = 'Package: libc6\nSource: glibc (2.41-12)\nVersion: 2.41-12+b1\nMaintainer: A <a@b>\n';
  t.same(parseControl(control, '2.41-12+b1'), {
    ...{
      name: 'libc6',
      source: { name: 'glibc', version: '2.41-12' },
      maintainer: 'A <a@b>',
      homepage: null,
    },
  });
  t.match(parseControl('Package: a\nMaintainer: b\n', '1'), { source: { name: 'a', version: '1' } });
  const contents = [
    'drwxr-xr-x root/root         0 2025-06-01 12:00 ./lib/',
    '-rwxr-xr-x root/root    200000 2025-06-01 12:00 ./lib/ld.so',
    'lrwxrwxrwx root/root         0 2025-06-01 12:00 ./usr/bin/a -> ../b c',
    'hrwxrwxrwx root/root         0 2025-06-01 12:00 ./usr/bin/perl link to ./usr/bin/perl5',
  ];
  t.same(parseContents(contents.join('\n')), ['usr/lib/ld.so', 'usr/bin/a', 'usr/bin/perl']);
});

t.test('recordFiles names the origin of every file', async (t) => {
  const tree = t.testdir({
    etc: { passwd: 'root\n', motd: 'hello\n', 'machine-id': '', hosts: 'localhost\n' },
    usr: { bin: { trivet: 'program' }, lib: { 'libc.so.6': 'library', 'x.ko': 'module' } },
    lib: t.fixture('symlink', 'usr/lib'),
  });
  const packages = [{ ...facts, paths: [...facts.paths, 'usr/lib/x.ko.xz'] }];
  const records = await recordFiles({ tree, packages, recipeFiles: ['/etc/motd'] });
  t.same(
    records.map(({ path: file, origin }) => [file, origin.kind]),
    [
      ['/etc/hosts', 'trivet'],
      ['/etc/machine-id', 'generated'],
      ['/etc/motd', 'recipe'],
      ['/etc/passwd', 'generated'],
      ['/lib', 'generated'],
      ['/usr/bin/trivet', 'npm bundle'],
      ['/usr/lib/libc.so.6', 'debian'],
      ['/usr/lib/x.ko', 'debian'],
    ],
  );
  t.match(records.at(-1)?.origin, { package: 'libc6', version: '2.41-12+deb13u1' });
  t.match(records[4], { type: 'link', target: 'usr/lib' });
  t.equal(records[2]?.sha256, '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03');
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { decodeEnvironment } from '../../runtime/updates/boot-environment.ts';
import { raspberryPiFiles } from './raspberry-pi.ts';

const kernelVersion = '6.12.1-arm64';
const trees = ['bcm2711-rpi-4-b.dtb', 'bcm2837-rpi-3-b.dtb'];

/** Packages with device trees of these and of other boards. */
function packageTree(directory: string): string {
  const folder = path.join(directory, `usr/lib/linux-image-${kernelVersion}/broadcom`);
  mkdirSync(folder, { recursive: true });
  for (const name of [...trees, 'bcm2712-rpi-5-b.dtb', 'bcm2711-rpi-4-b.dts', 'northstar2.dtb'])
    writeFileSync(path.join(folder, name), name);
  return directory;
}

const bytes = new Uint8Array([1, 2, 3]);
const signer = { enrolment: { PK: bytes, KEK: bytes, db: bytes } };

t.test(
  'raspberryPiFiles has firmware, u-boot, the script, and device trees for firmware and slot',
  async (t) => {
    const options = { packageTree: packageTree(t.testdir()), kernelVersion, signer, sourceDateEpoch: 1 };
    const files = await raspberryPiFiles(options);
    const names = files.map(({ target }) => target);
    for (const name of ['start4.elf', 'fixup4.dat', 'bootcode.bin', 'config.txt', 'u-boot.bin', 'boot.scr'])
      t.ok(names.includes(name), name);
    t.same(
      names.filter((name) => /^[^/]*\.dtb$/.test(name)),
      trees,
    );
    t.same(
      names.filter((name) => name.startsWith('trivet/a/')),
      trees.map((name) => `trivet/a/broadcom/${name}`),
    );
    t.notOk(
      names.some((name) => name.startsWith('trivet/b/')),
      'slot b is empty',
    );
    t.equal(new Set(names).size, names.length);
  },
);

t.test('raspberryPiFiles begins with slot a good and nothing on trial', async (t) => {
  const options = { packageTree: packageTree(t.testdir()), kernelVersion, signer, sourceDateEpoch: 1 };
  const files = await raspberryPiFiles(options);
  const contentOf = (name: string): Buffer => {
    const file = files.find(({ target }) => target === name);
    return Buffer.from(file !== undefined && 'content' in file ? file.content : '');
  };
  t.same(decodeEnvironment(contentOf('trivet/slots.env')), { good: 'a', trial: '', id: '' });
  t.same(decodeEnvironment(contentOf('trivet/tries.env')), { tried: '', count: '0' });
  // The header of 64 bytes, the length of the one script and the end of the list of lengths; then the script.
  const script = contentOf('boot.scr');
  t.equal(script.readUInt32BE(0), 0x27051956);
  const source = readFileSync(new URL('boot.scr.txt', import.meta.url));
  t.ok(script.subarray(72).equals(source));
  t.match(contentOf('config.txt').toString(), /^kernel=u-boot\.bin$/m);
});

t.test(
  'the script reads and writes the two files as one sector each, by the names that Linux writes',
  async (t) => {
    const script = readFileSync(new URL('boot.scr.txt', import.meta.url), 'utf8');
    for (const line of [
      /fatload .* trivet\/slots\.env 200;/,
      /env import -c \$\{scratch\} 200 good trial id/,
      /env export -c -s 200 \$\{scratch\} tried count/,
      /fatwrite .* trivet\/tries\.env 200;/,
    ])
      t.match(script, line);
    t.notMatch(script, /fatwrite .* trivet\/slots\.env/, 'slots.env has another writer');
  },
);

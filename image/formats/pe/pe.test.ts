import t from 'tap';
import { addSections, readSections } from './pe.ts';
import { smallExecutable } from './testing/small-executable.ts';

t.test('addSections puts sections behind the existing ones, in memory and in the file', async (t) => {
  const cmdline = Buffer.from('console=ttyS0');
  const initrd = Buffer.alloc(5000, 7);
  const output = addSections(smallExecutable(), [
    { name: '.cmdline', data: cmdline },
    { name: '.initrd', data: initrd },
  ]);
  t.same(readSections(output), [
    { name: '.text', virtualAddress: 4096, virtualSize: 100, rawOffset: 512, rawSize: 512 },
    { name: '.cmdline', virtualAddress: 8192, virtualSize: 13, rawOffset: 1024, rawSize: 512 },
    { name: '.initrd', virtualAddress: 12288, virtualSize: 5000, rawOffset: 1536, rawSize: 5120 },
  ]);
  t.same(output.subarray(1024, 1024 + 13), new Uint8Array(cmdline));
  t.same(output.subarray(1536, 1536 + 5000), new Uint8Array(initrd));
  const view = new DataView(output.buffer);
  t.equal(view.getUint32(64 + 24 + 56, true), 12288 + 8192, 'the size in memory covers the last section');
  t.equal(view.getUint32(64 + 24 + 64, true), 0, 'the checksum no longer holds');
});

t.test('addSections refuses when there is no room for headers', async (t) => {
  const many = [1, 2, 3, 4].map((number) => ({ name: `.s${number}`, data: new Uint8Array(1) }));
  t.throws(() => addSections(smallExecutable(), many), /no room/);
});

t.test('addSections refuses a signed executable', async (t) => {
  const signed = smallExecutable((view) => view.setBigUint64(64 + 24 + 144, 1n, true));
  t.throws(() => addSections(signed, []), /signed/);
});

t.test('readSections refuses what is no 64-bit PE executable', async (t) => {
  t.throws(() => readSections(new Uint8Array(200)), /no PE executable/);
  t.throws(() => readSections(smallExecutable((view) => view.setUint16(88, 0x10b, true))), /no 64-bit/);
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openImage } from './image.ts';
import { diskStart } from './testing/disk-start.ts';

const disk = diskStart();
const basicData = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';

t.test('openImage takes kernel, initrd and command line from the report beside the disk', async (t) => {
  const files = { raw: 'a.raw', kernel: 'kernel', initrd: 'initrd', cmdline: 'cmdline' };
  const directory = t.testdir({ 'build.json': JSON.stringify({ files }), cmdline: 'quiet x=y\n' });
  writeFileSync(path.join(directory, 'a.raw'), disk);
  writeFileSync(path.join(directory, 'other.raw'), disk);
  t.match(openImage(path.join(directory, 'a.raw')), {
    sizeBytes: disk.length,
    architecture: 'x86_64',
    bootChain: 'systemd-boot',
    direct: { kernelFile: path.join(directory, 'kernel'), commandLine: 'quiet x=y' },
  });
  t.equal(openImage(path.join(directory, 'other.raw')).direct, null, 'the report is about another image');
});

t.test('openImage knows architecture and boot chain by the partitions', async (t) => {
  const directory = t.testdir();
  const file = path.join(directory, 'pi.raw');
  writeFileSync(file, diskStart({ bootType: basicData, rootType: 'b921b045-1df0-41c3-af44-4c6f280d3fae' }));
  t.match(openImage(file), { architecture: 'arm64', bootChain: 'u-boot' });
  writeFileSync(file, diskStart({ bootType: basicData, rootType: basicData }));
  t.throws(() => openImage(file), { code: 'badImage', message: /is no image of Trivet/ });
});

t.test('openImage says what is wrong with what is no image', async (t) => {
  const directory = t.testdir({ 'text.raw': 'hello', 'a.raw.zst': 'x'.repeat(600), 'empty.raw': '' });
  const open = (name: string) => () => openImage(path.join(directory, name));
  t.throws(open('gone.raw'), { code: 'badImage', message: /There is no image .*trivet build makes one/ });
  t.throws(open('.'), { message: /is not a file/ });
  t.throws(open('text.raw'), { message: /no GPT partition table/ });
  t.throws(open('empty.raw'), { message: /no GPT partition table/ });
  t.throws(open('a.raw.zst'), { message: /It is the compressed image: name the \.raw/ });
});

t.test('openImage says when the report is damaged', async (t) => {
  const directory = t.testdir({ 'build.json': '{"files":' });
  writeFileSync(path.join(directory, 'a.raw'), disk);
  t.throws(() => openImage(path.join(directory, 'a.raw')), { message: /build\.json is damaged/ });
});

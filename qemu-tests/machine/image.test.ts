import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openImage } from './image.ts';

const disk = Buffer.alloc(4096);
disk.write('EFI PART', 512, 'latin1');

t.test('openImage takes kernel, initrd and command line from the report beside the disk', async (t) => {
  const files = { raw: 'a.raw', kernel: 'kernel', initrd: 'initrd', cmdline: 'cmdline' };
  const directory = t.testdir({ 'build.json': JSON.stringify({ files }), cmdline: 'quiet x=y\n' });
  writeFileSync(path.join(directory, 'a.raw'), disk);
  writeFileSync(path.join(directory, 'other.raw'), disk);
  t.match(openImage(path.join(directory, 'a.raw')), {
    sizeBytes: 4096,
    direct: { kernelFile: path.join(directory, 'kernel'), commandLine: 'quiet x=y' },
  });
  t.equal(openImage(path.join(directory, 'other.raw')).direct, null, 'the report is about another image');
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

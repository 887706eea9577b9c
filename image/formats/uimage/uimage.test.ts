import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { encodeScript } from './uimage.ts';

t.test('encodeScript writes the bytes of mkimage', async (t) => {
  const image = Buffer.from(encodeScript('echo hello\n', 'greeting', 0x6955b900));
  t.equal(image.length, 64 + 8 + 11);
  t.equal(image.subarray(0, 4).toString('hex'), '27051956');
  t.equal(image.subarray(28, 32).toString('hex'), '05160600', 'Linux, arm64, script, not compressed');
  t.equal(image.subarray(64, 72).toString('hex'), '0000000b00000000');
  t.equal(image.subarray(72).toString(), 'echo hello\n');
});

t.test('file reads what encodeScript wrote', async (t) => {
  const file = path.join(t.testdir(), 'boot.scr');
  writeFileSync(file, encodeScript('echo hello\n', 'greeting', 0x6955b900));
  const { stdout } = spawnSync('file', ['--brief', file], { encoding: 'utf8' });
  t.match(stdout, /u-boot legacy uImage, greeting, Linux\/ARM 64-bit, Script File .*19 bytes/);
});

/** `trivet recovery-key` as a person runs it. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';

const golden = JSON.parse(
  readFileSync(new URL('../recovery/testing/format-1.json', import.meta.url), 'utf8'),
) as { readonly privateKey: string; readonly file: object };
const main = path.join(import.meta.dirname, '../main.ts');

function run(words: readonly string[]): Promise<{ code: number; output: string; complaint: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'recovery-key', ...words], (error, output, complaint) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, complaint }),
    );
  });
}

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const directory = t.testdir({
  'ada.json': JSON.stringify(golden.file),
  'changed.json': JSON.stringify({ ...golden.file, machine: 'another' }),
  'no.json': 'nothing of the kind',
  keys: { 'operator.key': golden.privateKey },
  other: { 'operator.key': other.export({ format: 'pem', type: 'pkcs8' }).toString() },
});
const at = (name: string): string => path.join(directory, name);

t.test('it prints the key alone on standard output, and whose it is beside', async (t) => {
  t.same(await run([at('ada.json'), '--keys', at('keys')]), {
    code: 0,
    output: 'cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv\n',
    complaint: 'trivet: the key of trivet-7eddd810, volume 75a4a07d-607d-4f49-9c79-406fcb9c87d2\n',
  });
});

t.test('it says what is wrong', async (t) => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [
      [at('ada.json'), '--keys', at('other')],
      1,
      /is for the operator ada \(SHA256:.*is another key \(SHA256:/,
    ],
    [[at('changed.json'), '--keys', at('keys')], 1, /changed\.json cannot be used: it was changed since/],
    [[at('no.json'), '--keys', at('keys')], 1, /no\.json cannot be used: it is no recovery key/],
    [[at('gone.json'), '--keys', at('keys')], 1, /gone\.json cannot be read: there is no such file\./],
    [[at('ada.json'), '--keys', at('nowhere')], 1, /operator\.key cannot be read: there is no such file/],
    [[], 2, /recovery-key needs a FILE/],
    [[at('ada.json'), '--make'], 2, /recovery-key needs a FILE/],
    [['--make'], 1, /no machine with an image of Trivet/],
  ];
  for (const [words, code, complaint] of cases) {
    const result = await run(words);
    t.match(result, { code, output: '', complaint }, words.map((word) => path.basename(word)).join(' '));
    t.notMatch(result.complaint, /\n.*\n/, 'in one line');
  }
});

t.test('a huge file is not read', async (t) => {
  writeFileSync(at('huge.json'), ' '.repeat(1_000_000));
  t.match(await run([at('huge.json'), '--keys', at('keys')]), { code: 1, complaint: /no recovery key/ });
});

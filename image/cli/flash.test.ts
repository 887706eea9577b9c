/** `trivet flash` as a person runs it, onto files. */
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { checkout } from '../checkout.ts';
import { writeSums } from '../disk/sums.ts';
import { runForeign, smallDisk } from '../disk/testing/small-disk.ts';
import { FlashProgress, progressLine } from './flash-progress.ts';

const mebibyte = 2 ** 20;
const program = path.join(checkout, 'image/main.ts');

/** In a session of its own, so that there is no terminal to ask on. */
function flash(words: string[], input?: Buffer): { status: number | null; stdout: string; stderr: string } {
  const all = ['--wait', process.execPath, program, 'flash', ...words];
  const { status, stdout, stderr } = spawnSync('setsid', all, { input, maxBuffer: 2 ** 24 });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

t.test('trivet flash writes an image as a card reader would see it', async (t) => {
  const directory = t.testdir();
  const { raw } = await smallDisk(directory);
  const zst = `${raw}.zst`;
  writeFileSync(zst, zstdCompressSync(readFileSync(raw)));
  await writeSums(directory, [path.basename(raw), path.basename(zst)]);
  const card = path.join(directory, 'card');
  const made = flash([zst, card, '--create', '--yes']);
  t.equal(made.status, 0, made.stderr);
  t.match(
    made.stdout,
    /card: [\d.]+ MiB written, [\d.]+ MiB read back from it and found equal, in [\d.]+ s\n/,
  );
  t.match(made.stdout, 'The image fits its SHA256SUMS and its block map.\n');
  t.match(made.stderr, /^checking +100 %.*\nwriting +100 %.*\nreading back +100 %.*\n$/);
  runForeign('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', raw, card);
  t.match(flash([zst, card, '--create', '--yes']), {
    status: 1,
    stderr: /is there already, and --create makes a new file/,
  });

  writeFileSync(card, Buffer.alloc(80 * mebibyte, 0xee));
  const piped = flash(['-', card, '--yes', '--json'], readFileSync(zst));
  t.equal(piped.status, 0, piped.stderr);
  t.match(JSON.parse(piped.stdout), { device: card, checkedBy: [], isReadFromMedium: true, config: null });
  t.ok(readFileSync(card).subarray(0, readFileSync(raw).length).equals(readFileSync(raw)), 'from a pipe too');
});

t.test(
  'trivet flash --config puts a checked configuration onto the boot partition',
  { timeout: 300_000 },
  async (t) => {
    const directory = t.testdir({
      'good.yaml': 'node:\n  name: kitchen\n',
      'bad.yaml': 'node:\n  nam: kitchen\nclutser: {}\n',
    });
    const { raw } = await smallDisk(directory);
    const at = (name: string): string => path.join(directory, name);
    writeFileSync(at('card'), Buffer.alloc(80 * mebibyte, 0xee));
    const refused = flash([raw, at('card'), '--yes', '--config', at('bad.yaml')]);
    t.equal(refused.status, 1);
    t.match(
      refused.stderr,
      /The configuration has 2 faults:\n.*bad\.yaml, line 2: node\.nam: there is no such field; did you mean "name"\?\n.*line 3/,
    );
    t.ok(
      readFileSync(at('card')).every((byte) => byte === 0xee),
      'nothing was touched',
    );

    for (const input of [undefined, readFileSync(raw)]) {
      writeFileSync(at('card'), Buffer.alloc(80 * mebibyte, 0xee));
      const image = input === undefined ? raw : '-';
      const result = flash([image, at('card'), '--yes', '--config', at('good.yaml')], input);
      t.equal(result.status, 0, result.stderr);
      t.match(result.stdout, 'good.yaml is trivet.yaml on the boot partition.\n');
      const card = readFileSync(at('card'));
      writeFileSync(at('esp'), card.subarray(mebibyte, 35 * mebibyte));
      t.match(runForeign('fsck.fat', '-n', at('esp')), /2 files/);
      t.equal(runForeign('mtype', '-i', at('esp'), '::trivet.yaml'), 'node:\n  name: kitchen\n');
      runForeign('mcopy', '-n', '-i', at('esp'), '::KERNEL.EFI', at(`kernel-${image === '-'}`));
      t.ok(
        readFileSync(at(`kernel-${image === '-'}`)).equals(readFileSync(at('kernel'))),
        'what was there is there',
      );
      const root = [35 * mebibyte, 38 * mebibyte] as const;
      t.ok(card.subarray(...root).equals(readFileSync(raw).subarray(...root)));
    }
  },
);

t.test('trivet flash refuses what it should not write, with a way out', async (t) => {
  const directory = t.testdir();
  const { raw } = await smallDisk(directory);
  const card = path.join(directory, 'card');
  writeFileSync(card, Buffer.alloc(80 * mebibyte));
  for (const [words, status, message] of [
    [[raw, card], 2, /There is no terminal to ask on: give --yes\.\n$/],
    [[raw, `${card}2`, '--yes'], 1, /There is no .*card2\. For a new file, give --create\.\n$/],
    [[raw, '/dev/sdzz', '--yes', '--create'], 1, /There is no \/dev\/sdzz\. Plug the disk in/],
    [[raw, raw, '--yes'], 1, /is the image itself\. Name another file\.\n$/],
    [[raw, '/dev/null', '--yes'], 1, /is neither a disk nor a file/],
    [
      [path.join(directory, 'no.raw'), card, '--yes'],
      1,
      /^trivet: The image .*no\.raw cannot be read: there is no such file\.\n$/,
    ],
    [
      [raw, card, '--yes', '--config', 'no.yaml'],
      1,
      /The configuration no\.yaml cannot be read: there is no such file\.\n$/,
    ],
    [[raw, card, '--colour'], 2, /Unknown option `--colour`/],
    [[], 2, /missing required args/],
  ] as const) {
    const result = flash([...words]);
    t.equal(result.status, status, words.join(' '));
    t.match(result.stderr, message);
  }
  t.ok(
    readFileSync(card).every((byte) => byte === 0),
    'nothing was touched',
  );
  const disks = JSON.parse(flash([raw, '--json']).stdout);
  t.ok(Array.isArray(disks), 'without DEVICE, --json lists the disks');
  const help = flash(['--help']).stdout;
  for (const word of ['IMAGE', 'DEVICE', '--config', '--yes', '--force', '--create', '--json', 'Exit codes'])
    t.match(help, word);
});

t.test(
  'trivet flash stops at Ctrl-C, and says that the card is incomplete',
  { timeout: 60_000 },
  async (t) => {
    const directory = t.testdir();
    const { raw } = await smallDisk(directory);
    const card = path.join(directory, 'card');
    writeFileSync(card, Buffer.alloc(80 * mebibyte, 0xee));
    const child = spawn(process.execPath, [program, 'flash', '-', card, '--yes'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.on('error', () => {});
    // Half of the image, and then nothing: it waits for more.
    child.stdin.write(readFileSync(raw).subarray(0, 37 * mebibyte));
    const descriptor = openSync(card, 'r');
    const sample = Buffer.alloc(1);
    for (let tries = 0; tries < 300; tries += 1) {
      // Inside the empty head of slot A, zero in the image.
      readSync(descriptor, sample, 0, 1, 35 * mebibyte + 5);
      if (sample[0] === 0) break;
      await sleep(100);
    }
    t.equal(sample[0], 0, 'it is writing');
    child.kill('SIGINT');
    t.equal(await ended, 130);
    t.match(said, /trivet: Stopped\. .*card is incomplete and does not boot: flash it again\.\n$/);
  },
);

t.test('trivet flash ends by itself when a pipe brings what does not fit', { timeout: 60_000 }, async (t) => {
  const directory = t.testdir({ card: 'small' });
  const { raw } = await smallDisk(directory);
  const child = spawn(process.execPath, [program, 'flash', '-', path.join(directory, 'card'), '--yes'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => {});
  // The writer does not close its end.
  child.stdin.write(readFileSync(raw).subarray(0, 8 * mebibyte));
  t.equal(await new Promise((resolve) => child.once('close', resolve)), 1);
  t.match(said, /is too small: it has 0 MiB and the image needs 54 MiB\. Nothing was written/);
});

t.test('trivet flash asks at the terminal and takes only yes for yes', { timeout: 60_000 }, async (t) => {
  const directory = t.testdir();
  const { raw } = await smallDisk(directory);
  const card = path.join(directory, 'card');
  writeFileSync(card, Buffer.alloc(80 * mebibyte, 0xee));
  // util-linux's script gives a terminal to the command and passes on what is typed and the exit code.
  const answer = (typed: string): { status: number | null; stdout: string } => {
    const command = [process.execPath, program, 'flash', raw, card].join(' ');
    const words = ['--quiet', '--return', '--command', command, '/dev/null'];
    return spawnSync('script', words, { input: typed, encoding: 'utf8' });
  };
  const no = answer('y\n');
  t.equal(no.status, 130);
  t.match(no.stdout, /Write .*disk\.raw \(54 MiB\) to the file .*card\? What is on it is lost\. Type yes: /);
  t.match(no.stdout, 'The answer was not yes. Nothing was written.');
  t.ok(readFileSync(card).every((byte) => byte === 0xee));
  const yes = answer('yes\n');
  t.equal(yes.status, 0, yes.stdout);
  t.match(yes.stdout, /\rwriting +100 %/, 'a line that changes');
  t.match(yes.stdout, 'found equal');
});

t.test('progressLine tells how far, how fast and how long', async (t) => {
  t.equal(
    progressLine('writing', 210 * mebibyte, 466 * mebibyte, 10),
    'writing       45 %   210 MiB of 466 MiB   22.0 MB/s   0:13 left',
  );
  t.equal(progressLine('reading back', 2 ** 31, 2 ** 31, 0), 'reading back 100 %   2.0 GiB of 2.0 GiB');
  t.match(progressLine('writing', mebibyte, 1000 * mebibyte, 1), /16:39 left$/);
});

t.test('FlashProgress redraws a line on a terminal and keeps the last of each phase', async (t) => {
  const record = (isTTY: boolean): string => {
    let text = '';
    let now = 0;
    const progress = new FlashProgress({ isTTY, write: (words) => (text += words) }, () => now);
    for (const [time, done] of [
      [0, 0],
      [100, 1],
      [1000, 2],
      [1010, 3],
      [2000, 4],
    ] as const) {
      now = time;
      progress.show('writing', done * mebibyte, 4 * mebibyte);
    }
    progress.show('reading back', mebibyte, mebibyte);
    progress.end();
    progress.end();
    return text;
  };
  t.equal(
    record(false),
    'writing      100 %   4.0 MiB of 4.0 MiB   2.1 MB/s\nreading back 100 %   1.0 MiB of 1.0 MiB\n',
  );
  const lines = record(true).split('\n');
  t.equal(lines.length, 3);
  t.equal(lines[0]?.split('\r').length, 1 + 3 + 1, 'not for every piece');
});

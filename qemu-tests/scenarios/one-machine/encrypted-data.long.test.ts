/** A machine whose data only its own TPM opens, or the operator with the recovery key. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { SystemStatus } from '../../../runtime/admin/protocol.ts';
import { findPartition, growDisk, offsetOf, readDisk } from '../../lab/disk-surgery.ts';
import { askInfo, askStatus, putKey } from '../../lab/observe.ts';
import { withDataPartition } from '../../lab/search-disk.ts';
import { makeUpdateDisk } from '../../lab/update-disk.ts';
import { waitUntil } from '../../lab/wait.ts';
import { openImage } from '../../machine/image.ts';
import { Machine, type PowerOnOptions } from '../../machine/machine.ts';
import { readBuildReport, trivet } from '../../trivet-command.ts';
import { alone, buildVariant, formingLimitSeconds, readKey, waitForConsole } from '../testing/stage.ts';

t.setTimeout(2_400_000);

const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string): string => path.join(directory, name);
await trivet(['keys', 'create', '--dir', at('keys')]);
await trivet(['keys', 'create', '--dir', at('other-keys')]);

// The kernel says when it has made a file system larger.
const encrypted = [
  /^target: cloud$/m,
  `target: cloud\nkeys: ${at('keys')}\ndata: { encrypt: tpm2 }\nkernel: { commandLine: loglevel=7 }`,
] as const;
const machine = await Machine.create({
  ...{ name: 'n1', directory, image: openImage(await buildVariant(t, [alone, encrypted])) },
  ...{ memoryMebibytes: 512, diskBytes: 2 ** 30, direct: false, networkSocket: null, ownNetwork: true },
  ...{ macAddress: '52:54:00:00:00:01', tpmDirectory: at('tpm') },
});
t.teardown(() => machine.close());

const written = 'what only this machine may read';
const magic = Buffer.from('LUKS\xba\xbe', 'latin1');
const ownTpmDoesNotOpen = /trivet data: the TPM does not open the data partition/;

async function start(options: PowerOnOptions = {}): Promise<void> {
  await machine.powerOn(options);
  await waitUntil(
    {
      what: 'the machine leads its cluster',
      limitSeconds: formingLimitSeconds,
      report: () => machine.report(),
    },
    async () => ((await askStatus(machine))?.leader ? true : null),
  );
}

function countOf(pattern: RegExp): number {
  return machine.console.lines.filter((line) => pattern.test(line)).length;
}

/** Works on the boot partition of the machine, which is off, as a person does who has its disk. */
function onBootPartition(
  work: (mtools: (program: string, words: readonly string[]) => string) => void,
): void {
  const raw = at('n1.raw');
  const convert = (from: string, source: string, to: string, target: string): void =>
    void execFileSync('qemu-img', ['convert', '-f', from, '-O', to, source, target]);
  convert('qcow2', machine.diskFile, 'raw', raw);
  const offset = offsetOf(findPartition(machine.diskFile, 'esp'));
  work((program, words) =>
    execFileSync(program, ['-i', `${raw}@@${offset}`, ...words], {
      env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
      encoding: 'utf8',
    }),
  );
  convert('raw', raw, 'qcow2', machine.diskFile);
}

/** The file that the machine has written for its operator. */
function sealedKey(): string {
  onBootPartition((mtools) => {
    mtools('mcopy', ['-n', '-o', '::recovery/operator.json', at('operator.json')]);
  });
  return at('operator.json');
}

function put(name: string, content: string): void {
  writeFileSync(at(name), content);
  onBootPartition((mtools) => {
    mtools('mcopy', ['-o', at(name), `::${name}`]);
  });
}

const recovered = (file: string, keys: string): Promise<string> =>
  trivet(['recovery-key', file, '--keys', keys]);

let id = '';
let name = '';
let firstKey = '';

await t.test('the first start encrypts, and leaves a key for the operator alone', async (t) => {
  await start();
  await putKey(machine, 'story/secret', written);
  ({ id, name } = await askInfo(machine));
  t.equal(countOf(/A recovery key of the data partition was made/), 1);
  await machine.powerOff();
  const data = offsetOf(findPartition(machine.diskFile, 'data'));
  t.same(readDisk(machine.diskFile, data, 512).subarray(0, magic.length), magic, 'the partition is LUKS');
  const wanted = { magic, written: Buffer.from(written), name: Buffer.from(name) };
  withDataPartition(machine.diskFile, (partition) => t.same(partition.find(wanted), ['magic']));
  const file = sealedKey();
  firstKey = await recovered(file, at('keys'));
  t.match(firstKey, /^([cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}\n$/);
  await t.rejects(recovered(file, at('other-keys')), /is for the operator operator .*another key/);
  t.notOk(readFileSync(machine.diskFile).includes(firstKey.trim()), 'the key is nowhere on the disk');
  t.notOk(machine.console.lines.join('\n').includes(firstKey.slice(0, 17)), 'nor was it said');
});

await t.test('the machine opens it by itself, also on a larger disk', async (t) => {
  growDisk(machine.diskFile, 2 ** 31);
  await start();
  t.equal(await readKey(machine, 'story/secret'), written);
  t.same(await askInfo(machine).then((info) => [info.id, info.name]), [id, name], 'it is who it was');
  t.equal(countOf(/A recovery key of the data partition was made/), 1, 'one recovery key is enough');
  t.notOk(countOf(ownTpmDoesNotOpen));
  await waitForConsole(machine, /EXT4-fs \(dm-\d\): resized filesystem/, 60);
  await machine.powerOff();
});

await t.test('with another TPM it stays closed, and the console says what to do', async (t) => {
  await machine.powerOn({ tpmDirectory: at('other-tpm') });
  await waitForConsole(machine, ownTpmDoesNotOpen, formingLimitSeconds);
  await waitForConsole(machine, /trivet: restarting in 30 seconds/, 120);
  await machine.cutPower();
  t.ok(countOf(/2\. There: trivet recovery-key NAME\.json > recovery-key/));
  t.equal(countOf(/factory reset/), 0);
});

await t.test('the recovery key opens it, and binds it to the TPM that is there', async (t) => {
  put('recovery-key', firstKey);
  await start({ tpmDirectory: at('other-tpm') });
  t.equal(countOf(/trivet data: from now on this machine's TPM opens it/), 1);
  t.equal(await readKey(machine, 'story/secret'), written);
  t.same(await askInfo(machine).then((info) => [info.id, info.name]), [id, name], 'it is who it was');
  await waitForConsole(machine, /A recovery key of the data partition was made/, 60);
  await machine.powerOff();
  t.notOk(
    readFileSync(machine.diskFile).includes(firstKey.trim()),
    'the key was taken from the boot partition',
  );
  t.not(await recovered(sealedKey(), at('keys')), firstKey, 'there is a new one');
  await start({ tpmDirectory: at('other-tpm') });
  t.equal(await readKey(machine, 'story/secret'), written, 'the TPM opens it by itself again');
  await machine.powerOff();
});

await t.test('a machine that cannot open its data can be reset', async (t) => {
  put('factory-reset', '');
  await start({ tpmDirectory: at('third-tpm') });
  t.equal(countOf(/trivet data: factory reset, as the boot partition asks/), 1);
  t.not(await askInfo(machine).then((info) => info.id), id, 'it is another machine');
});

await t.test('an update, which is another kernel image, opens the same data', async (t) => {
  await putKey(machine, 'story/secret', written);
  ({ id } = await askInfo(machine));
  await machine.powerOff();
  const newer = await buildVariant(t, [alone, encrypted, [/^# (version: ).*$/m, '$1"9.0.0"']]);
  const updateDisk = at('update.raw');
  await makeUpdateDisk(
    path.join(path.dirname(newer), readBuildReport(path.dirname(newer)).files.update),
    updateDisk,
  );
  await machine.powerOn({ tpmDirectory: at('third-tpm'), extraDiskFiles: [updateDisk] });
  await waitUntil(
    { what: 'version 9 is good', limitSeconds: 900, report: () => machine.report() },
    async () => {
      const system = (await machine.request('update.status')) as SystemStatus;
      return system.version === '9.0.0' && system.state === 'good' ? system : null;
    },
  );
  t.equal(await readKey(machine, 'story/secret'), written);
  t.equal(await askInfo(machine).then((info) => info.id), id);
  await machine.powerOff();
});

await t.test('encryption without an operator is refused when the image is built', async (t) => {
  const nobody = [/^target: cloud$/m, 'target: cloud\noperators: []\ndata: { encrypt: tpm2 }'] as const;
  await t.rejects(buildVariant(t, [nobody]), /data\.encrypt: the image has no operator/);
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { decodeEnvironment, encodeEnvironment } from './boot-environment.ts';
import { readBootState } from './boot-state.ts';
import type { Device } from './device.ts';
import { installUpdate, planSteps } from './install.ts';
import { isStartable } from './kernel-image.ts';
import {
  type FileDeviceOptions,
  makeContent,
  makeDevice,
  makeUpdate,
  rootHashOf,
  sha256,
} from './testing/update.ts';
import { UpdateFile } from './update-file.ts';
import { compareVersions } from './version-order.ts';

const quiet = { retry: false, tell: () => {} };

function stage(t: Test, options: FileDeviceOptions = {}) {
  const { device, directory, remounts } = makeDevice(options);
  t.teardown(() => rmSync(directory, { recursive: true }));
  const put = (bytes: Uint8Array): string => {
    const file = path.join(directory, 'x.update');
    writeFileSync(file, bytes);
    return file;
  };
  return { device, directory, remounts, put };
}

t.test('installUpdate fills the other slot and leaves it on trial', async (t) => {
  const { device, remounts, put } = stage(t);
  const outcome = await installUpdate(put(makeUpdate({ version: '2.0' })), device, quiet);
  t.same(outcome, { kind: 'installed', version: '2.0' });
  const content = makeContent('2.0');
  t.ok(startOf(device, 'root-b', content.root.length).equals(content.root));
  t.ok(startOf(device, 'verity-b', content.verity.length).equals(content.verity));
  t.same(entries(device), ['trivet-a.efi', 'trivet-b+3.efi']);
  t.ok(
    readFileSync(path.join(device.paths.bootPartition, 'trivet/b/board/one.dtb')).equals(
      content.files['board/one.dtb']!,
    ),
  );
  t.same(readBootState(device), {
    running: { slot: 'a', state: 'good', version: '1.0' },
    other: { slot: 'b', state: 'trial', version: '2.0' },
  });
  t.equal(remounts.at(-1), 'ro', 'the boot partition is read-only again');
  t.same(
    await installUpdate(put(makeUpdate({ version: '2.0' })), device, quiet),
    { kind: 'installed', version: '2.0' },
    'what waits for the next start is not written again',
  );
});

t.test('installUpdate tells u-boot about the trial last', async (t) => {
  const { device, put } = stage(t, { bootChain: 'u-boot', slot: 'b' });
  await installUpdate(put(makeUpdate({ version: '2.0' })), device, quiet);
  t.same(entries(device), ['trivet-a.efi', 'trivet-b.efi']);
  const slots = environment(device, 'slots.env');
  t.match(slots, { good: 'b', trial: 'a', id: /^[0-9a-f-]{36}$/ });
  t.equal(readBootState(device).other.state, 'trial');
  const tries = encodeEnvironment({ tried: slots.id!, count: '3' });
  writeFileSync(path.join(device.paths.bootPartition, 'trivet/tries.env'), tries);
  t.equal(readBootState(device).other.state, 'failed', 'three tries are all');
});

for (const bootChain of ['systemd-boot', 'u-boot'] as const) {
  t.test(`${bootChain}: after every step the machine starts something whole`, async (t) => {
    // The slot that is written over held an older version that was good.
    for (let prefix = 0; ; prefix += 1) {
      const { device, put } = stage(t, { bootChain });
      leaveOlderVersion(device);
      const update = await UpdateFile.open(put(makeUpdate({ version: '2.0' })), device.image.publicKey);
      const steps = planSteps(device, update);
      for (const step of steps.slice(0, prefix)) await step.run();
      // In the middle of the next one: half of the root, or a kernel image that is not whole.
      if (steps[prefix]?.name.startsWith('write')) spoil(device, steps[prefix]!.name);
      const name = `${prefix} steps, then "${steps[prefix]?.name ?? 'the end'}"`;
      const choice = bootChoice(device);
      t.ok(isWhole(device, choice), `${name}: slot ${choice} is whole`);
      t.equal(choice, prefix === steps.length ? 'b' : 'a', `${name}: starts slot ${choice}`);
      if (prefix < steps.length && prefix > 0) {
        const again = await installUpdate(put(makeUpdate({ version: '2.0' })), device, quiet);
        t.equal(again.kind, 'installed', `${name}: it can be installed again`);
        t.ok(isWhole(device, 'b'));
        t.equal(bootChoice(device), 'b');
      }
      await update.close();
      if (prefix === steps.length) break;
    }
  });
}

t.test('installUpdate refuses, says why, and has changed nothing', async (t) => {
  const good = makeUpdate({ version: '2.0' });
  const flipped = Buffer.from(good);
  flipped[flipped.length - 1]! ^= 1;
  const changedManifest = Buffer.from(good);
  changedManifest[100]! ^= 1;
  const large = { ...makeContent('2.0'), root: Buffer.alloc(5 * 1024 * 1024) };
  const cases: readonly (readonly [string, Buffer, string, RegExp])[] = [
    ['another file', Buffer.from('hello'), 'notAnUpdate', /not an update file/],
    ['an empty file', Buffer.alloc(0), 'notAnUpdate', /not an update file/],
    ['a strange key', makeUpdate({ version: '2.0', stranger: true }), 'signature', /not signed with the key/],
    ['a changed manifest', changedManifest, 'signature', /changed afterwards/],
    ['a cut manifest', good.subarray(0, 200), 'damaged', /ends too soon/],
    ['a cut file', good.subarray(0, good.length - 10), 'damaged', /ends too soon/],
    ['a flipped bit', flipped, 'damaged', /"two.dtb" is not what was signed/],
    [
      'another name',
      makeUpdate({ version: '2.0', change: (m) => ({ ...m, name: 'other' }) }),
      'otherDevice',
      /name "other"/,
    ],
    [
      'another architecture',
      makeUpdate({ version: '2.0', change: (m) => ({ ...m, architecture: 'arm64' }) }),
      'otherDevice',
      /"arm64"/,
    ],
    [
      'another target',
      makeUpdate({ version: '2.0', change: (m) => ({ ...m, target: 'generic' }) }),
      'otherDevice',
      /"generic"/,
    ],
    ['an older version', makeUpdate({ version: '1.0~rc1' }), 'notNewer', /1\.0 runs, which is newer/],
    [
      'a root too large',
      makeUpdate({ version: '2.0', content: large }),
      'doesNotFit',
      /needs 5\.0 MiB, and the slot has 4\.0 MiB/,
    ],
  ];
  for (const [what, bytes, code, message] of cases) {
    const { device, remounts, put } = stage(t);
    leaveOlderVersion(device);
    await t.rejects(installUpdate(put(bytes), device, quiet), { code, message }, what);
    t.same(remounts, [], `${what}: nothing was written to the boot partition`);
    t.ok(isWhole(device, 'b'), `${what}: the other slot is as it was`);
  }
  const { device } = stage(t);
  await t.rejects(installUpdate('/nowhere', device, quiet), { code: 'notAnUpdate', message: /no such file/ });
});

t.test('installUpdate checks what it unpacks, whatever the stored bytes were', async (t) => {
  const { device, put } = stage(t);
  const lies = makeUpdate({
    version: '2.0',
    change: (manifest) => ({
      ...manifest,
      parts: manifest.parts.map((part) =>
        part.kind === 'root' ? { ...part, sha256: sha256(Buffer.from('x')) } : part,
      ),
    }),
  });
  await t.rejects(installUpdate(put(lies), device, quiet), { code: 'damaged' });
  t.equal(bootChoice(device), 'a');
  const bomb = makeUpdate({
    version: '2.0',
    change: (manifest) => ({
      ...manifest,
      parts: manifest.parts.map((part) => (part.kind === 'root' ? { ...part, sizeBytes: 1000 } : part)),
    }),
  });
  await t.rejects(installUpdate(put(bomb), device, quiet), { code: 'damaged' }, 'no more than was announced');
  t.equal(startOf(device, 'root-b', 4096).length, 4096);
});

t.test('a kernel image that cannot be read is none that starts, and is replaced', async (t) => {
  // Reading a directory fails as reading a file without content does.
  const broken = path.join(t.testdir({ 'trivet-b.efi': {} }), 'trivet-b.efi');
  t.equal(isStartable(broken), false);
});

t.test('installUpdate does nothing for the version that runs', async (t) => {
  const { device, remounts, put } = stage(t);
  const outcome = await installUpdate(put(makeUpdate({ version: '1.0' })), device, quiet);
  t.same(outcome, { kind: 'running', version: '1.0' });
  t.same(remounts, []);
});

t.test('installUpdate gives a version that failed no second trial unless asked', async (t) => {
  const { device, put } = stage(t);
  writeFileSync(
    path.join(device.paths.bootPartition, 'EFI/Linux/trivet-b+0-3.efi'),
    makeContent('2.0').kernel,
  );
  const file = put(makeUpdate({ version: '2.0' }));
  await t.rejects(installUpdate(file, device, quiet), { code: 'failedBefore', message: /--retry/ });
  t.same(entries(device), ['trivet-a.efi', 'trivet-b+0-3.efi']);
  await installUpdate(put(makeUpdate({ version: '2.1' })), device, quiet);
  t.same(entries(device), ['trivet-a.efi', 'trivet-b+3.efi'], 'a newer one is another matter');
  writeFileSync(
    path.join(device.paths.bootPartition, 'EFI/Linux/trivet-b+0-3.efi'),
    makeContent('2.1').kernel,
  );
  rmSync(path.join(device.paths.bootPartition, 'EFI/Linux/trivet-b+3.efi'));
  await installUpdate(put(makeUpdate({ version: '2.1' })), device, { ...quiet, retry: true });
  t.same(entries(device), ['trivet-a.efi', 'trivet-b+3.efi']);
});

t.test('installUpdate keeps what a version on trial would go back to', async (t) => {
  const { device, put } = stage(t, { slot: 'b', version: '2.0' });
  const directory = path.join(device.paths.bootPartition, 'EFI/Linux');
  rmSync(path.join(directory, 'trivet-b.efi'));
  writeFileSync(path.join(directory, 'trivet-b+0-3.efi'), makeContent('2.0').kernel);
  writeFileSync(path.join(directory, 'trivet-a.efi'), makeContent('1.0').kernel);
  await t.rejects(installUpdate(put(makeUpdate({ version: '3.0' })), device, quiet), { code: 'onTrial' });
  t.ok(existsSync(path.join(directory, 'trivet-a.efi')));
});

t.test('installUpdate notices a disk that does not keep what was written', async (t) => {
  const { device, put } = stage(t);
  const failing: Device = {
    ...device,
    actions: {
      ...device.actions,
      dropCaches: () => spoil(device, 'write the root'),
    },
  };
  await t.rejects(installUpdate(put(makeUpdate({ version: '2.0' })), failing, quiet), {
    code: 'device',
    message: /disk is failing/,
  });
  t.equal(bootChoice(device), 'a');
});

function entries(device: Device): string[] {
  return readdirSync(path.join(device.paths.bootPartition, 'EFI/Linux')).sort();
}

/** What firmware would take for a program. */
function startable(device: Device): string[] {
  return entries(device).filter((name) =>
    isStartable(path.join(device.paths.bootPartition, 'EFI/Linux', name)),
  );
}

function environment(device: Device, name: string): Readonly<Record<string, string>> {
  const file = path.join(device.paths.bootPartition, 'trivet', name);
  return (existsSync(file) ? decodeEnvironment(readFileSync(file)) : null) ?? {};
}

function startOf(device: Device, name: string, length: number): Buffer {
  return readFileSync(path.join(device.paths.partitions, name)).subarray(0, length);
}

/** Version 0.9 in slot b, as an update before this one left it. */
function leaveOlderVersion(device: Device): void {
  const { root, verity, kernel } = makeContent('0.9');
  writeFileSync(path.join(device.paths.partitions, 'root-b'), Buffer.concat([root], 4 * 1024 * 1024));
  writeFileSync(path.join(device.paths.partitions, 'verity-b'), Buffer.concat([verity], 256 * 1024));
  writeFileSync(path.join(device.paths.bootPartition, 'EFI/Linux/trivet-b.efi'), kernel);
}

/** What a power cut in the middle of a step may leave. */
function spoil(device: Device, step: string): void {
  if (step === 'write the root') {
    const file = path.join(device.paths.partitions, 'root-b');
    writeFileSync(file, readFileSync(file).fill('half written', 0, 1024 * 1024));
  }
  if (step === 'write the kernel image') {
    const name = device.image.bootChain === 'u-boot' ? 'trivet-b.efi' : 'trivet-b+3.efi';
    const half = Buffer.concat([Buffer.alloc(512), Buffer.from('half a kernel')]);
    writeFileSync(path.join(device.paths.bootPartition, 'EFI/Linux', name), half);
  }
}

/** The slot that the boot loader would start: as systemd-boot sorts, or as the boot script goes. */
function bootChoice(device: Device): string {
  if (device.image.bootChain === 'u-boot') {
    const { good = 'a', trial = '' } = environment(device, 'slots.env');
    const order = [trial, good, 'a', 'b'].filter((slot) => slot !== '');
    return order.find((slot) => startable(device).includes(`trivet-${slot}.efi`)) ?? 'none';
  }
  const bootable = startable(device).filter((name) => name.endsWith('.efi') && !name.includes('+0'));
  const versionOf = (name: string): string => {
    const text = readFileSync(path.join(device.paths.bootPartition, 'EFI/Linux', name), 'latin1');
    return /IMAGE_VERSION=(.*)/.exec(text)?.[1] ?? '';
  };
  bootable.sort((a, b) => compareVersions(versionOf(b), versionOf(a)));
  return bootable[0]?.charAt('trivet-'.length) ?? 'none';
}

/** The kernel image of the slot starts the root that is in it. */
function isWhole(device: Device, slot: string): boolean {
  const name = startable(device).find((entry) => entry.startsWith(`trivet-${slot}`));
  if (name === undefined) return false;
  const root = startOf(device, `root-${slot}`, makeContent('0').root.length);
  return rootHashOf(path.join(device.paths.bootPartition, 'EFI/Linux', name)) === sha256(root);
}

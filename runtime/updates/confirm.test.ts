import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { decodeEnvironment, encodeEnvironment } from './boot-environment.ts';
import { readBootState } from './boot-state.ts';
import { confirmUpdate } from './confirm.ts';
import type { Device, ImageFacts } from './device.ts';
import { type HealthBefore, type HealthLook, judgeHealth } from './health.ts';
import { noteBefore } from './notes.ts';
import { makeDevice } from './testing/update.ts';

const running = { uptimeSeconds: 60, state: 'member', seesLeader: true, votersOnline: 3, voters: 3 } as const;
const before: HealthBefore = { wasMember: true, networkDevices: 1 };

function lookOf(agent: Partial<NonNullable<HealthLook['agent']>> | null, networkDevices = 1): HealthLook {
  return { agent: agent === null ? null : { ...running, ...agent }, networkDevices };
}

t.test('judgeHealth blames a version for what it can be blamed for', async (t) => {
  const cut = { seesLeader: false, votersOnline: 1 };
  const blank = { state: 'blank', seesLeader: false, votersOnline: 0, voters: 0 } as const;
  const cases: readonly (readonly [string, HealthLook, HealthBefore | null, string])[] = [
    ['a member that sees its leader', lookOf({}), before, 'healthy'],
    ['the same without a note of before', lookOf({}), null, 'healthy'],
    ['no agent', lookOf(null), before, 'unhealthy'],
    ['an agent that was just started', lookOf({ uptimeSeconds: 14 }), before, 'unhealthy'],
    ['a cut network', lookOf(cut), before, 'notToBlame'],
    ['two of five', lookOf({ seesLeader: false, votersOnline: 2, voters: 5 }), before, 'notToBlame'],
    ['a quorum in reach and no leader', lookOf({ seesLeader: false, votersOnline: 2 }), before, 'unhealthy'],
    ['no network device any more', lookOf(cut, 0), before, 'unhealthy'],
    ['no network device, as before', lookOf(cut, 0), { wasMember: true, networkDevices: 0 }, 'notToBlame'],
    ['a member that lost its place', lookOf(blank), before, 'unhealthy'],
    ['a machine that was blank before', lookOf(blank), { ...before, wasMember: false }, 'healthy'],
    ['an image without a cluster', lookOf({ ...blank, state: 'waiting' }), null, 'healthy'],
  ];
  for (const [what, look, was, kind] of cases) t.equal(judgeHealth(look, was).kind, kind, what);
});

interface Story {
  readonly looks: readonly HealthLook[];
  readonly bootChain?: ImageFacts['bootChain'];
  /** Name of the kernel image of the slot that runs. */
  readonly entry?: string;
}

/** Confirms in a machine whose agent looks so, one look a second; the last one stays. */
async function confirmStory(
  t: Test,
  { looks, bootChain = 'systemd-boot', entry = 'trivet-b+2-1.efi' }: Story,
) {
  const { device, directory, remounts } = makeDevice({ slot: 'b', version: '2.0', bootChain });
  t.teardown(() => rmSync(directory, { recursive: true }));
  const linux = path.join(device.paths.bootPartition, 'EFI/Linux');
  if (bootChain === 'systemd-boot') renameSync(path.join(linux, 'trivet-b.efi'), path.join(linux, entry));
  else writeSlots(device, { good: 'a', trial: 'b', id: '7' });
  noteBefore(device.paths, before);
  let seconds = 0;
  const said: string[] = [];
  const confirm = () =>
    confirmUpdate(device, {
      look: async () => looks[Math.min(seconds, looks.length - 1)]!,
      now: () => seconds,
      pause: async () => {
        seconds += 1;
      },
      tell: (sentence) => said.push(sentence),
    });
  const run = confirm();
  return {
    device,
    remounts,
    said,
    run,
    again: confirm,
    names: () => readdirSync(linux),
    seconds: () => seconds,
  };
}

function writeSlots(device: Device, values: Record<string, string>): void {
  writeFileSync(path.join(device.paths.bootPartition, 'trivet/slots.env'), encodeEnvironment(values));
}

t.test('confirmUpdate finishes what a power cut has left of it', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf({})] });
  const linux = path.join(story.device.paths.bootPartition, 'EFI/Linux');
  const counted = readFileSync(path.join(linux, 'trivet-b+2-1.efi'));
  // A copy without its first sector is no kernel image yet: the version is still on trial.
  writeFileSync(path.join(linux, 'trivet-b.efi'), Buffer.from(counted).fill(0, 0, 512));
  t.equal(readBootState(story.device).running.state, 'trial');
  t.equal(await story.run, true);
  t.same(story.names(), ['trivet-b.efi']);
  t.ok(readFileSync(path.join(linux, 'trivet-b.efi')).equals(counted), 'the copy is whole');
  t.equal(readBootState(story.device).running.state, 'good');
});

t.test('confirmUpdate removes what is left beside a version that is good', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf({})] });
  const linux = path.join(story.device.paths.bootPartition, 'EFI/Linux');
  await story.run;
  writeFileSync(path.join(linux, 'trivet-b+2-1.efi'), readFileSync(path.join(linux, 'trivet-b.efi')));
  t.equal(await story.again(), false, 'it is good already');
  t.same(story.names(), ['trivet-b.efi']);
});

t.test('confirmUpdate marks a version good as soon as it is healthy', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf(null), lookOf({ uptimeSeconds: 3 }), lookOf({})] });
  t.equal(await story.run, true);
  t.same(story.names(), ['trivet-b.efi']);
  t.equal(story.seconds(), 2);
  t.same(story.remounts, ['rw', 'ro']);
  t.match(story.said.at(-1), /Version 2\.0 is good/);
});

t.test('confirmUpdate marks a version good in its last try', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf({})], entry: 'trivet-b+0-3.efi' });
  t.equal(await story.run, true);
  t.same(story.names(), ['trivet-b.efi']);
});

t.test('confirmUpdate writes the slot that is good for u-boot', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf({})], bootChain: 'u-boot' });
  t.equal(await story.run, true);
  const file = path.join(story.device.paths.bootPartition, 'trivet/slots.env');
  t.same(decodeEnvironment(readFileSync(file)), { good: 'b', trial: '', id: '' });
});

t.test('confirmUpdate fails when the time is up, and says why', async (t) => {
  // Up for ten seconds, then killed, again and again.
  const looks = Array.from({ length: 200 }, (_, second) => lookOf({ uptimeSeconds: second % 10 }));
  const story = await confirmStory(t, { looks });
  await t.rejects(story.run, { code: 'unhealthy', message: /within 60 s: the agent has not run for 15 s/ });
  t.equal(story.seconds(), 60);
  t.same(story.names(), ['trivet-b+2-1.efi'], 'the trial is not confirmed');
  t.same(story.remounts, []);
});

t.test('confirmUpdate waits for the network, and does not blame the version for it', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf({ seesLeader: false, votersOnline: 1 })] });
  t.equal(await story.run, true);
  t.equal(story.seconds(), 60);
  t.match(story.said.at(-1), /the network or the other machines are away/);
});

t.test('confirmUpdate leaves a version alone that is not on trial', async (t) => {
  const story = await confirmStory(t, { looks: [lookOf(null)], entry: 'trivet-b.efi' });
  t.equal(await story.run, false);
  t.same(story.said, []);
});

t.test('confirmUpdate without the boot partition fails only in a trial', async (t) => {
  const { device, directory } = makeDevice({ slot: 'b', version: '2.0' });
  t.teardown(() => rmSync(directory, { recursive: true }));
  rmSync(device.paths.bootPartition, { recursive: true });
  const options = { look: async () => lookOf({}), now: () => 0, pause: async () => {}, tell: () => {} };
  t.equal(await confirmUpdate(device, options), false);
  writeFileSync(path.join(device.paths.efiVariables, 'LoaderBootCountPath-4a67b082'), '');
  await t.rejects(confirmUpdate(device, options), {
    code: 'device',
    message: /boot partition cannot be read/,
  });
});

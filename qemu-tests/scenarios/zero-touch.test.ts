/**
 * What happens to machines that nobody can log in to, from a factory's cards on: strangers on the link, new addresses, wrong
 * clocks, copied and stolen disks. Booted directly, to be quick.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { constants, copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { ClusterStatus } from '../../runtime/admin/protocol.ts';
import { readAuthority } from '../../runtime/cluster/roster.ts';
import { StateView } from '../../runtime/datastore/state-machine/reading.ts';
import { openForReading } from '../../runtime/datastore/state-machine/tables.ts';
import { askInfo, askStatus, putKey, readStatus, waitForHa } from '../lab/observe.ts';
import { withDataPartition } from '../lab/search-disk.ts';
import { waitUntil } from '../lab/wait.ts';
import { openImage } from '../machine/image.ts';
import type { Machine, PowerOnOptions } from '../machine/machine.ts';
import { PortScan, range } from '../switch/port-scan.ts';
import { trivet } from '../trivet-command.ts';
import {
  buildVariant,
  formingLimitSeconds,
  longStory,
  readKey,
  recipe,
  repairLimitSeconds,
  returnLimitSeconds,
  stageLab,
  waitForConsole,
} from './testing/stage.ts';
import { writeUntilPowerCut } from './testing/write-until-power-cut.ts';

t.setTimeout(1_500_000);

/** The last byte of the network card's address is the machine's number; a card of the second kind is in another subnet. */
const cards = { first: ['52:54:00:00:00', '10.77.0'], second: ['52:54:00:00:77', '10.78.0'] } as const;
const interfaces = Object.values(cards).flatMap(([mac, subnet]) =>
  [1, 2, 3, 4, 5, 6].map(
    (number) => `    - { mac: "${mac}:0${number}", dhcp: false, addresses: [${subnet}.${number}/16] }`,
  ),
);
const network = ['network:', '  interfaces:', ...interfaces].join('\n');
// As a factory has it: the image belongs to no cluster, its cards do.
const image = openImage(
  await buildVariant(t, [
    [/^cluster:\n(?: .*\n)+/m, ''],
    [/^target: cloud$/m, `target: cloud\n${network}`],
  ]),
);
const lab = stageLab(t, image, { direct: true });

/** Makes a batch. @returns the bundles, in the order of the devices' names. */
async function makeBatch(name: string, count: number): Promise<readonly string[]> {
  const directory = path.join(lab.directory, name);
  const words = ['--count', String(count), '--out', directory, '--prefix', name, '--key', `${directory}.key`];
  await trivet(['factory', 'batch', recipe, ...words]);
  const devices = JSON.parse(readFileSync(path.join(directory, 'devices.json'), 'utf8')) as Devices;
  return devices.devices.map(({ id }) => path.join(directory, 'bundles', id, 'trivet.yaml'));
}

interface Devices {
  readonly devices: readonly { readonly id: string; readonly name: string }[];
}

/** A machine whose card has been written with a bundle. */
function addCard(bundle: string): Promise<Machine> {
  const card = path.join(lab.directory, `${path.basename(path.dirname(bundle))}-${lab.machines.length}.raw`);
  copyFileSync(image.file, card, constants.COPYFILE_FICLONE);
  execFileSync('mcopy', ['-o', '-i', `${card}@@1M`, bundle, '::trivet.yaml'], {
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
  });
  return lab.addMachine({ image: { ...image, file: card } });
}

const [bundle1 = '', bundle2 = '', bundle3 = ''] = await makeBatch('pos', 3);
const [foreignBundle = ''] = await makeBatch('other', 1);
const machines = [await addCard(bundle1), await addCard(bundle2), await addCard(bundle3)];
await Promise.all(machines.map((machine) => machine.powerOn()));
const [first, second, third] = machines as [Machine, Machine, Machine];

/** How many are acknowledged when the plugs are pulled; others are under way then. */
const writesBeforeCut = 60;

/** Where the machine of this number is from the second test on. */
function moved(number: number): PowerOnOptions {
  return { macAddress: `${cards.second[0]}:0${number}` };
}

/** Host parts of the members' addresses. */
function hostsOf(status: ClusterStatus): string[] {
  return status.nodes.map(({ address }) => address.slice(0, address.lastIndexOf(':')));
}

async function identities(): Promise<string[]> {
  return await Promise.all(machines.map(async (machine) => (await askInfo(machine)).id));
}

/** Waits until the machine's own agent says this of itself. */
async function untilState(machine: Machine, state: string): Promise<ClusterStatus> {
  const report = (): string => machine.report();
  return await waitUntil(
    { what: `${machine.name} is ${state}`, limitSeconds: returnLimitSeconds, report },
    async () => {
      const status = await askStatus(machine);
      return status?.self.state === state ? status : null;
    },
  );
}

await t.test('three cards of a batch form one highly available cluster', async (t) => {
  const status = await waitForHa(machines, { limitSeconds: formingLimitSeconds });
  t.same(
    status.nodes.map(({ name }) => name).sort(),
    ['pos-0001', 'pos-0002', 'pos-0003'],
    'each has the name of its card',
  );
});

await t.test(
  'a card whose bundle was used, and one of another batch, stay out and say why',
  longStory,
  async (t) => {
    const [again, foreign] = [await addCard(bundle1), await addCard(foreignBundle)];
    await Promise.all([again.powerOn(), foreign.powerOn()]);
    await waitForConsole(again, /trivet: .*was used by pos-0001/, returnLimitSeconds);
    t.pass('the used one');
    await waitForConsole(foreign, /trivet: .*[Vv]oucher/, returnLimitSeconds);
    for (const machine of [again, foreign]) {
      t.equal((await untilState(machine, 'blank')).clusterId, null);
      await machine.cutPower();
    }
    t.equal((await readStatus(first)).nodes.length, 3);
  },
);

await t.test(
  'a stranger on the link finds the ports of peers and of the API, and nothing else',
  async (t) => {
    const status = await waitForHa(machines, { limitSeconds: formingLimitSeconds });
    await putKey(first, 'story/first', 'kept');
    const [address = '', ...others] = hostsOf(status);
    const scan = await PortScan.open(await lab.virtualSwitch.addPort('stranger'), address, others);
    t.teardown(() => scan.close());
    t.same(await scan.tcp(), [6443, 7443]);
    const known = [1900, 4500, 5353, 5355, 6081, 6443, 7443, 8472, 10250, 51820];
    t.same(await scan.udp([...range(1, 1024), ...known]), [5353], 'multicast DNS');
    await waitForHa(machines, { limitSeconds: repairLimitSeconds });
  },
);

await t.test('power fails amid writes; all are back at other addresses, in 1970 and 2099', async (t) => {
  const before = await waitForHa(machines, { limitSeconds: repairLimitSeconds });
  const ids = await identities();
  const acknowledged = await writeUntilPowerCut(machines, writesBeforeCut);
  t.ok(acknowledged.length >= writesBeforeCut, `${acknowledged.length} writes were acknowledged`);
  const clocks = ['1970-01-01T00:00:10', '2099-06-01T00:00:00', undefined];
  await Promise.all(
    machines.map((machine, index) => {
      const clock = clocks[index];
      return machine.powerOn({ ...moved(index + 1), ...(clock === undefined ? {} : { clock }) });
    }),
  );
  const after = await waitForHa(machines, { limitSeconds: formingLimitSeconds });
  t.same(await identities(), ids, 'every machine is who it was');
  t.equal(after.nodes.length, 3);
  const isOld = (host: string): boolean => host.startsWith(cards.first[1]);
  t.ok(hostsOf(before).every(isOld));
  // Some may know each other by link-local IPv6 addresses, which follow the card too.
  let last: ClusterStatus | null = after;
  const report = (): string => JSON.stringify(last);
  await waitUntil(
    { what: 'all have other addresses', limitSeconds: repairLimitSeconds, report },
    async () => {
      last = await askStatus(first);
      return last?.nodes.length === 3 && !hostsOf(last).some(isOld) ? last : null;
    },
  );
  t.equal(await readKey(first, 'story/first'), 'kept');
  const missing: string[] = [];
  for (const key of acknowledged) {
    if ((await readKey(second, key)) !== `value of ${key}`) missing.push(key);
  }
  t.same(missing, [], 'no acknowledged write is missing');
  t.equal(await putKey(second, 'story/moved', 'yes').then(() => readKey(third, 'story/moved')), 'yes');
});

await t.test('the founder’s card is copied: the copy stays out, and both are named', longStory, async (t) => {
  const founder = machines.find(({ console }) =>
    console.lines.some((line) => /starting the cluster/.test(line)),
  );
  const original = founder ?? first;
  const number = machines.indexOf(original) + 1;
  const { id, name } = await askInfo(original);
  await original.powerOff();
  t.same(lookForSecrets(original), ['certificate of the CA'], 'no secret of the cluster lies on it in clear');
  const copy = await lab.addMachine({ copyOfDisk: original.diskFile });
  await original.powerOn(moved(number));
  await waitForHa(machines, { limitSeconds: returnLimitSeconds });
  await copy.powerOn(moved(6));
  await waitForConsole(copy, /trivet: .*Another machine with this node's identity/, returnLimitSeconds);
  t.equal((await untilState(copy, 'copy')).self.id, id);
  const other = machines.find((machine) => machine !== original) as Machine;
  const status = await waitUntil(
    { what: 'status names both', limitSeconds: repairLimitSeconds },
    async () => {
      const seen = await askStatus(other);
      return seen?.warnings.some((warning) => warning.startsWith('Two machines have the identity'))
        ? seen
        : null;
    },
  );
  const place = '[0-9a-z.:%]+';
  t.match(
    status.warnings.find((warning) => warning.startsWith('Two machines')),
    new RegExp(`identity of ${name}: one at ${place}, and one at ${place}, which is refused`),
  );
  t.equal(status.highAvailability, true, 'the cluster goes on with the one that was first');
  await copy.cutPower();
});

/** On the disk of a voter that is off: what is found of what should not be, and of one thing that is there for certain. */
function lookForSecrets(machine: Machine): string[] {
  return withDataPartition(machine.diskFile, (partition) => {
    const take = (name: string): string => {
      const target = path.join(lab.directory, path.basename(name));
      partition.copyFile(`/lib/trivet/${name}`, target);
      return target;
    };
    const sealingKey = Buffer.from(readFileSync(take('pki/sealing.key'), 'utf8').trim(), 'hex');
    const certificate = readFileSync(take('pki/ca.crt'), 'utf8').split('\n');
    take('state.db-wal');
    const state = openForReading(take('state.db'));
    const authority = readAuthority(new StateView(state), sealingKey);
    state.close();
    if (authority === null) throw new Error('the state holds no CA');
    const { d = '' } = createPrivateKey(authority.privateKey).export({ format: 'jwk' });
    return partition.find({
      'certificate of the CA': Buffer.from(certificate[2] ?? ''),
      'key of the CA': Buffer.from(d, 'base64url'),
      'key of the CA in PEM': Buffer.from(authority.privateKey.split('\n')[2] ?? ''),
      'enrolment secret': Buffer.from('change-me-before-anything-real'),
    });
  });
}

await t.test('a machine is removed, and whoever has its disk stays out', async (t) => {
  const { id } = await askInfo(third);
  const answer = await first.request('node.remove', { node: id }, 90_000);
  t.match(answer, { id, done: true });
  await waitForConsole(third, /trivet: .*was removed from the cluster/, returnLimitSeconds);
  await third.cutPower();
  await third.powerOn(moved(3));
  const status = await untilState(third, 'removed');
  t.match(status.reason, /was removed from the cluster .*factory reset/);
  const left = await readStatus(first);
  t.equal(left.nodes.length, 2);
  t.notOk(left.nodes.some((node) => node.id === id));
  t.equal(await readKey(second, 'story/first'), 'kept');
});

/**
 * `trivet config` as it runs on a device: the program itself, in namespaces where the firmware's words, /run and the network
 * are the test's, and the clouds' servers answer at their own address.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { findConfigDisk } from '../config/collect/config-disk.ts';
import { startMetadataServer } from '../config/collect/testing/metadata-server.ts';
import { dmiOf, writeDmi } from '../config/collect/testing/platform.ts';
import { devicePlaces } from './config.ts';

const main = path.resolve(import.meta.dirname, '../main.ts');
const mark = 'TRIVET_CONFIG_TEST_INSIDE';
const collectedFile = '/run/trivet/config/platform.json';
const unshare = ['unshare', '--net', '--mount'];
/** For users other than root, where the system lets them. */
const mapped = [...unshare, '--user', '--map-root-user'];
const metadataAddress = '169.254.169.254';
const there = { address: metadataAddress, port: 80 };
t.setTimeout(300_000);

function run(...words: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...words]);
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })));
}

/** Makes this machine one of a cloud, or of none. */
function becomeMachineOf(cloud: keyof typeof dmiOf): void {
  rmSync('/sys/class/dmi', { recursive: true, force: true });
  writeDmi('/sys/class/dmi/id', dmiOf[cloud]);
  rmSync(collectedFile, { force: true });
}

function tests(): void {
  t.before(() => {
    for (const place of ['/run', '/sys/class']) shell(`mount -t tmpfs tmpfs ${place}`);
    if (existsSync('/dev/disk')) shell('mount -t tmpfs tmpfs /dev/disk');
    shell(`ip link set lo up && ip address add ${metadataAddress}/32 dev lo`);
  });

  for (const cloud of ['ec2', 'gce', 'azure', 'openstack'] as const) {
    t.test(`config collect asks ${cloud} at its own address`, async (t) => {
      becomeMachineOf(cloud);
      const userData = Buffer.from('#cloud-config\ntrivet:\n  node: { name: from-cloud }\n');
      const server = await startMetadataServer(cloud, { userData }, there);
      const { status, stdout } = await run('config', 'collect');
      await server.close();
      t.equal(status, 0);
      t.match(stdout, /^A configuration came from the user data of /);
      t.match(readFileSync(collectedFile, 'utf8'), /from-cloud/);
    });
  }

  t.test('config collect asks no stranger at that address', async (t) => {
    becomeMachineOf('none');
    const server = await startMetadataServer('ec2', { userData: Buffer.from('#trivet\n') }, there);
    const { status, stdout } = await run('config', 'collect');
    await server.close();
    t.equal(status, 0);
    t.match(stdout, /the firmware names no cloud/);
    t.same(server.requests, []);
  });

  t.test('config collect fails within its time where nobody answers, and writes down why', async (t) => {
    becomeMachineOf('gce');
    const { status, stderr } = await run('config', 'collect', '--timeout', '2');
    t.equal(status, 1);
    t.match(stderr, /^trivet: GCE metadata: no answer \(ECONNREFUSED\) for \/computeMetadata/);
    t.match(readFileSync(collectedFile, 'utf8'), /"unreadable"/);
  });

  t.test('config collect waits for a network that comes late', async (t) => {
    becomeMachineOf('gce');
    // What is sent there vanishes, as before DHCP is done.
    shell(`ip address del ${metadataAddress}/32 dev lo && ip link add late type veth peer name nowhere`);
    shell('ip address add 169.254.1.1/16 dev late && ip link set late up && ip link set nowhere up');
    shell(`ip neighbour replace ${metadataAddress} lladdr 02:00:00:00:00:fe dev late nud permanent`);
    const startedAt = performance.now();
    const lost = await run('config', 'collect', '--timeout', '3');
    t.match(lost, { status: 1, stderr: /GCE metadata: no (answer \(ETIMEDOUT\)|complete answer in time)/ });
    t.ok(performance.now() - startedAt < 10_000);
    const collecting = run('config', 'collect', '--timeout', '25');
    await pause(2_000);
    shell(`ip link del late && ip address add ${metadataAddress}/32 dev lo`);
    const server = await startMetadataServer('gce', { userData: Buffer.from('#trivet\n') }, there);
    t.match(await collecting, { status: 0, stdout: /^A configuration came from the user data of GCE/ });
    await server.close();
  });

  t.test(
    'a waiting agent starts in the cluster that a cloud names late, and config explains it',
    async (t) => {
      becomeMachineOf('ec2');
      const story = makeStory(t);
      const waiting = story.start();
      t.match(await story.config('--json'), /"state": "waiting"/);
      t.equal((await run('config', 'collect', '--timeout', '1')).status, 1);
      await story.until('config', '--explain', /EC2: not taken: EC2 metadata: no answer/);
      const text =
        '#trivet\ncluster: { name: edge, expect: 1, secret: 0123456789abcdef }\nnode: { name: from-cloud }\n';
      const tags = { 'trivet-peers': '192.0.2.77', 'trivet-cluster': 'edge' };
      const instance = { userData: Buffer.from(text), tags };
      const server = await startMetadataServer('ec2', instance, there);
      t.equal((await run('config', 'collect')).status, 0);
      await server.close();
      t.equal(await waiting.ended, 0, 'systemd starts it again');
      t.match(waiting.said(), /names the cluster now/);
      const member = story.start();
      const explained = await story.config('--explain');
      const place = 'user data of EC2 \\(i-0123456789abcdef0, ip-10-0-0-7\\.ec2\\.internal\\)';
      t.match(
        explained,
        new RegExp(
          `^node\\.name: "from-cloud" +# ${place}, line 3\n  instead of "image" +# .*config\\.yaml, line 1$`,
          'm',
        ),
      );
      t.match(explained, /^cluster\.secret: "\(secret, 16 characters\)" +# user data/m);
      const tagsPlace = place.replace('user data', 'tags');
      t.match(explained, new RegExp(`^cluster\\.failureDomain: "eu-central-1b" +# ${tagsPlace}$`, 'm'));
      t.match(
        explained,
        new RegExp(`^discovery\\.addresses: \\["192\\.0\\.2\\.77"\\] +# ${tagsPlace}$`, 'm'),
      );
      t.match(explained, /^roles\.voters: 3 +# default$/m);
      t.match(explained, new RegExp(`^  ${place}: taken$`, 'm'));
      t.match(await story.config(), /^cluster:\n {2}name: edge\n {2}secret: \(secret, 16 characters\)\n/);
      member.stop();
      t.equal(await member.ended, 0);
      rmSync(collectedFile);
      t.match(await run('config', 'collect', '--timeout', '1'), { status: 1, stderr: /ECONNREFUSED/ });
      const kept = story.start();
      t.match(
        await story.config('--explain'),
        /^node\.name: "from-cloud" +# user data of EC2, as last read, line 3$/m,
      );
      t.match(
        await story.config('--explain'),
        /^cluster\.failureDomain: "eu-central-1b" +# tags of EC2 .*, as last read$/m,
      );
      t.match(
        await story.status(),
        /warning: +The configuration of the platform is not taken, and the last one in order serves: EC2 metadata: no answer/,
      );
      const again = await startMetadataServer('ec2', instance, there);
      t.equal((await run('config', 'collect')).status, 0);
      await again.close();
      t.notMatch(await story.status(), /is not taken|has changed/, 'it came late, and says the same');
      writeFileSync(collectedFile, readFileSync(collectedFile, 'utf8').replace('from-cloud', 'renamed'));
      t.match(await story.status(), /warning: +The configuration has changed since the agent started/);
      const changed = await story.config('--explain');
      t.match(changed, /^node\.name: "from-cloud"/m);
      t.match(changed, /^They say something else by now/m);
      kept.stop();
      t.equal(await kept.ended, 0);
    },
  );

  t.test('config without an agent says so, and cannot read what is not there', async (t) => {
    const { status, stderr } = await run('config', '--socket', '/run/none.sock');
    t.equal(status, 1);
    t.match(
      stderr,
      /No agent answers at \/run\/none\.sock.* This is what its files say:\n.*config\.yaml: the configuration cannot be read/,
    );
    t.match(await run('config', 'colect'), { status: 2, stderr: /There is no "config colect"/ });
    t.match(await run('config', 'collect', '--timeout', 'x'), {
      status: 2,
      stderr: /--timeout must be a whole number/,
    });
  });
}

/** An agent on loopback with an image's configuration and what was collected. */
function makeStory(t: Test) {
  // Short, since a socket lies there; it goes with the namespace.
  const directory = '/run/story';
  const file = (name: string): string => path.join(directory, name);
  const image = {
    ...{ node: { name: 'image' }, admin: { socket: file('s') }, dataDirectory: file('data') },
    ...{ discovery: { mdns: false }, peers: { address: '127.0.0.1', port: 0 } },
    datastore: { etcdApi: { socket: file('etcd') } },
  };
  mkdirSync(file('data'), { recursive: true });
  writeFileSync(file('config.yaml'), JSON.stringify(image));
  const words = [
    'agent',
    '--config',
    file('config.yaml'),
    '--collected',
    collectedFile,
    '--credentials',
    file('none'),
  ];
  const start = () => {
    const child = spawn(process.execPath, [main, ...words]);
    t.teardown(() => child.kill('SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { ended, said: () => said, stop: () => child.kill('SIGTERM') };
  };
  /** As soon as the agent answers. */
  const ask = async (...command: string[]): Promise<string> => {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const { status, stdout, stderr } = await run(...command, '--socket', file('s'));
      if (status === 0 && stderr === '') return stdout;
      if (performance.now() > deadline) throw new Error(`it does not answer: ${stderr}`);
      await pause(200);
    }
  };
  const until = async (command: string, option: string, pattern: RegExp): Promise<void> => {
    const deadline = performance.now() + 60_000;
    for (let said = ''; !pattern.test(said); said = await ask(command, option)) {
      if (performance.now() > deadline) throw new Error(`${pattern} does not come: ${said}`);
    }
  };
  return {
    start,
    until,
    config: (...options: string[]) => ask('config', ...options),
    status: () => ask('status'),
  };
}

function shell(script: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}

/** What is named in two places, because one of them is systemd's. */
function testUnits(): void {
  t.test('the units of the image and the command agree', async (t) => {
    const units = path.resolve(import.meta.dirname, '../../image/units');
    const read = (name: string): string => readFileSync(path.join(units, name), 'utf8');
    const { image, bootPartition, collected } = devicePlaces;
    const agent = `/usr/bin/trivet agent --config ${image} --over ${bootPartition} --collected ${collected} --credentials %d`;
    t.match(read('system/trivet.service'), new RegExp(`^ExecStart=${agent}$`, 'm'));
    t.match(
      read('system/trivet-config.service'),
      /^ExecStart=\/usr\/bin\/trivet config collect --timeout \d+$/m,
    );
    const [, labels] = /ENV\{ID_FS_LABEL\}=="([^"]+)"/.exec(read('udev.rules.d/71-trivet-config.rules'))!;
    for (const label of labels!.split('|')) {
      t.ok(findConfigDisk(t.testdir({ [label]: '' })), label);
      t.match(read('system/trivet-config.service'), `ConditionPathExists=|/dev/disk/by-label/${label}\n`);
    }
  });
}

if (process.env[mark] === '1') {
  tests();
} else {
  testUnits();
  const works = ([program = '', ...words]: readonly string[]): boolean =>
    spawnSync(program, [...words, 'sh', '-c', 'ip link set lo up && mount -t tmpfs tmpfs /run']).status === 0;
  const words = [unshare, mapped].find(works);
  const skip = words === undefined && 'no namespaces for this user, or no ip command';
  t.test('trivet config on devices of clouds', { skip }, async (t) => {
    const [program = '', ...more] = words!;
    const inside = spawn(program, [...more, process.execPath, import.meta.filename], {
      ...{ stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, [mark]: '1', TAP_TIMEOUT: '280' } },
    });
    let said = '';
    inside.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const status = await new Promise((resolve) => inside.once('close', resolve));
    t.comment(said);
    t.equal(status, 0);
    t.match(said, /^1\.\.9$/m, 'all of them ran');
    t.notMatch(said, /# SKIP/);
  });
}

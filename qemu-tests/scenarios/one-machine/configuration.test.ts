/**
 * A machine that is told who it is from four sides: its image, its boot partition, a disk (NoCloud) and the firmware; and an
 * operator who asks it from the machine that built the image.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { ClusterStatus } from '../../../runtime/admin/protocol.ts';
import type { ConfigReport } from '../../../runtime/config/explain.ts';
import { provideOperatorKey } from '../../../runtime/operator/operator-key.ts';
import { copyOperatorKey } from '../../kubectl-command.ts';
import { freePorts } from '../../lab/free-ports.ts';
import { askInfo, askStatus } from '../../lab/observe.ts';
import { waitUntil } from '../../lab/wait.ts';
import { trivet } from '../../trivet-command.ts';
import { formingLimitSeconds, stageImage, stageLab } from '../testing/stage.ts';

t.setTimeout(1_500_000);
const image = await stageImage();
const lab = stageLab(t, image, { direct: true });
const at = (name: string): string => path.join(lab.directory, name);

function runMtools(program: string, words: readonly string[]): void {
  execFileSync(program, words, { env: { ...process.env, MTOOLS_SKIP_CHECK: '1' }, stdio: 'ignore' });
}

function write(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

/** As cloud-init's users make them: a small FAT with a label. */
function makeConfigDisk(): string {
  const disk = at('cidata.raw');
  runMtools('mformat', ['-C', '-T', '2880', '-v', 'CIDATA', '-i', disk, '::']);
  const userData = write(
    'user-data',
    '#cloud-config\ntrivet:\n  cluster: { expect: 1, failureDomain: disk }\n  node: { name: from-disk }\n',
  );
  runMtools('mcopy', ['-i', disk, userData, '::user-data']);
  runMtools('mcopy', ['-i', disk, write('meta-data', 'instance-id: rack-17\n'), '::meta-data']);
  return disk;
}

const [forwardedPort] = (await freePorts(1)) as [number];

await t.test('each says something, and the later one wins', async (t) => {
  const card = at('card.raw');
  copyFileSync(image.file, card);
  const onBoot = write('trivet.yaml', 'cluster: { name: from-boot, failureDomain: boot, weight: 3 }\n');
  runMtools('mcopy', ['-o', '-i', `${card}@@1M`, onBoot, '::trivet.yaml']);
  const credential = Buffer.from('cluster: { failureDomain: firmware }\n').toString('base64');
  const machine = await lab.addMachine({
    image: { ...image, file: card },
    extraDiskFiles: [makeConfigDisk()],
    forwardedPort,
    firmwareStrings: [`io.systemd.credential.binary:trivet.config=${credential}`],
  });
  await machine.powerOn();
  const report = (): string => machine.report();
  const status = await waitUntil(
    { what: 'it is a cluster of its own', limitSeconds: formingLimitSeconds, report },
    async () => {
      const seen = await askStatus(machine);
      return seen?.leader ? seen : null;
    },
  );
  t.equal(status.clusterName, 'from-boot');
  t.equal((await askInfo(machine)).name, 'from-disk');
  t.match(status.nodes, [{ failureDomain: 'firmware', weight: 3 }]);
  const { values, sources } = (await machine.request('config.show')) as ConfigReport;
  const told = (...wanted: string[]) => values.find((value) => value.path.join() === wanted.join());
  t.match(told('cluster', 'failureDomain'), {
    value: 'firmware',
    origin: { source: 'credential', line: 1 },
    overridden: [
      { source: 'platform', value: 'disk', place: /^user data of NoCloud \(rack-17/ },
      { source: 'bootPartition', value: 'boot', place: '/efi/trivet.yaml' },
    ],
  });
  t.match(told('cluster', 'expect'), { value: 1, overridden: [{ source: 'image', value: 3 }] });
  t.same(
    sources.map(({ name, serves }) => `${name}: ${serves}`),
    ['image: now', 'bootPartition: now', 'platform: now', 'credential: now'],
  );
  t.notMatch(JSON.stringify(values), 'change-me-before-anything-real', 'the secret is shown to nobody');
});

await t.test('its operator asks it from the build machine, and nobody else', async (t) => {
  const keys = copyOperatorKey(t.testdir({}));
  const server = ['--server', `127.0.0.1:${forwardedPort}`, '--keys', keys];
  const status = JSON.parse(await trivet(['status', ...server, '--json'])) as ClusterStatus;
  t.match(status, { clusterName: 'from-boot', self: { name: 'from-disk', state: 'member' } });
  const kubeconfig = await trivet(['kubeconfig', ...server]);
  t.match(kubeconfig, /^kind: Config$/m);
  t.match(kubeconfig, /server: https:\/\/127\.0\.0\.1:6443/);
  const other = path.join(keys, 'other');
  provideOperatorKey(other);
  await t.rejects(
    trivet(['status', '--server', `127.0.0.1:${forwardedPort}`, '--keys', other]),
    /knows no operator with this key/,
  );
});

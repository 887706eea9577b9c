import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { ClusterStatus } from '../admin/protocol.ts';
import { type ConfigPlaces, loadConfig } from '../config/load.ts';
import { joinFile, memberFile } from '../config/member-file.ts';
import { createLog } from '../logging/log.ts';
import type { Formation } from './admin-methods.ts';
import { Joining } from './joining.ts';

const token = `t1-${'0'.repeat(8)}-${'1'.repeat(32)}-${'2'.repeat(32)}`;
const introduction = { clusterName: 'edge', clusterId: '0'.repeat(16), caCertificate: '', objection: null };
const found = { kind: 'found' as const, introduction, at: { host: '192.0.2.1', port: 7443 } };

const bootFile = (home: string): string => path.join(home, 'trivet.yaml');

/** A desk whose cluster and core are played; `steps` are what the core says, one after the other; `meanwhile` happens until a node has stopped. */
function desk(t: Test, steps: readonly Formation[], meanwhile: (home: string) => void = () => {}) {
  const home = t.testdir({});
  const image = path.join(home, 'config.yaml');
  writeFileSync(image, JSON.stringify({ dataDirectory: home, discovery: { addresses: ['192.0.2.9'] } }));
  const places: ConfigPlaces = { image, bootPartition: bootFile(home), collected: null, credentials: null };
  let loaded = loadConfig(places);
  let [step, restarts] = [0, 0];
  const joining = new Joining({
    log: createLog(() => {}),
    loaded: () => loaded,
    status: async () => ({ self: { id: 'n', name: 'n', state: 'waiting' } }) as unknown as ClusterStatus,
    formation: async () => steps[Math.min(step++, steps.length - 1)]!,
    restart: async (change) => {
      meanwhile(home);
      change();
      loaded = loadConfig(places);
      restarts += 1;
    },
    find: async () => found,
  });
  const told: unknown[] = [];
  const params = { addresses: ['192.0.2.1', '192.0.2.2:7000'], token, timeoutSeconds: 60 };
  const call = { method: 'join', emit: (event: unknown) => told.push(event) };
  const { signal } = new AbortController();
  const join = (more: object = {}) => joining.serve({ ...call, params: { ...params, ...more }, signal });
  return { home, told, join, restarts: () => restarts, config: () => loaded.config };
}

const onTheWay = (reason: string): Formation => ({ isMember: false, reason, isRefused: false });
const member: Formation = { isMember: true, reason: '', isRefused: false };

t.test('Joining notes the cluster, keeps known addresses, and tells every step once', async (t) => {
  const { home, told, join, config } = desk(t, [onTheWay('Looking.'), onTheWay('Looking.'), member]);
  t.match(await join(), { clusterName: 'edge', clusterId: '0'.repeat(16), already: false });
  t.match(config(), {
    cluster: { name: 'edge', token },
    discovery: { addresses: ['192.0.2.1', '192.0.2.2:7000', '192.0.2.9'] },
  });
  t.same(told, [
    { text: `The cluster "edge" (${'0'.repeat(16)}) is at 192.0.2.1:7443: joining it.` },
    { text: 'Looking.' },
  ]);
  t.match(readFileSync(joinFile(home), 'utf8'), /^# Written by "trivet join"\.\ncluster:\n {2}name: edge\n/);
});

t.test('Joining takes everything back when the cluster refuses the machine after all', async (t) => {
  const refusal = { isMember: false, reason: 'This token was used by node 1.', isRefused: true };
  const { home, join, restarts, config } = desk(t, [onTheWay('Looking.'), refusal]);
  await t.rejects(join(), {
    code: 'refused',
    message: 'This token was used by node 1. This machine waits as before.',
  });
  t.notOk(existsSync(joinFile(home)));
  t.equal(config().cluster, undefined);
  t.equal(restarts(), 2);
});

t.test('Joining is taken back when another source contradicts it', async (t) => {
  const over = 'cluster: { name: late, secret: 0123456789abcdef }\n';
  const { home, join } = desk(t, [member], (directory) => writeFileSync(bootFile(directory), over));
  await t.rejects(join(), {
    code: 'configured',
    message: /contradicts it: .*cluster\.secret: .*\(not both\)/,
  });
  t.notOk(existsSync(joinFile(home)));
});

t.test(
  'Joining leaves a machine alone that an earlier join has made a member of another cluster meanwhile',
  async (t) => {
    const own = { clusterName: 'other', clusterId: '1'.repeat(16) };
    const { home, join, config } = desk(t, [member], (directory) =>
      writeFileSync(memberFile(directory), JSON.stringify(own)),
    );
    await t.rejects(join(), {
      code: 'otherCluster',
      message: /is a member of the cluster "other" \(1{16}\) already.*trivet remove-node /,
    });
    t.notOk(existsSync(joinFile(home)), 'or its data and its configuration would name two clusters');
    t.equal(config().cluster, undefined);
  },
);

t.test('Joining is done once at a time, and refuses what is no address or token', async (t) => {
  const { join } = desk(t, [onTheWay('Looking.'), member]);
  const first = join();
  await t.rejects(join(), { code: 'busy' });
  await first;
  for (const bad of [
    { addresses: [] },
    { addresses: ['a b'] },
    { token: 'x' },
    { timeoutSeconds: 0 },
    { token: 7 },
  ])
    await t.rejects(join(bad), { code: 'invalid', message: /^(addresses|token|timeoutSeconds)/ });
});

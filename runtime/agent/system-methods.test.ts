import { existsSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { ClusterStatus } from '../admin/protocol.ts';
import type { ConfigReport } from '../config/explain.ts';
import { makeDevice } from '../updates/testing/update.ts';
import { SystemMethods } from './system-methods.ts';

const status: ClusterStatus = {
  ...{ clusterName: 'edge', clusterId: null, highAvailability: false, survives: 0, reason: 'alone' },
  ...{ leader: null, revision: 0, nodes: [], warnings: ['one'] },
  self: { id: 'a', name: 'node-a', state: 'blank' },
};

function stage(problem: string | null = null) {
  const { device, directory } = makeDevice();
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const source: ConfigReport['sources'][number] = {
    ...{ name: 'bootPartition', title: 'The configuration on the boot partition', place: 'trivet.yaml' },
    ...{ serves: 'kept', problem, note: null },
  };
  const config: ConfigReport = { state: 'waiting', changed: false, values: [], sources: [source] };
  return {
    device,
    methods: new SystemMethods(
      async () => status,
      () => config,
      device.paths,
    ),
  };
}

t.test('SystemMethods adds to the status what runs and what to mind', async (t) => {
  const { methods } = stage('trivet.yaml, line 3: …');
  const answer = (await methods.serve('status', {})) as ClusterStatus;
  t.match(answer.system, { version: '1.0', slot: 'a', state: 'good', other: { slot: 'b', state: 'empty' } });
  t.match(answer.warnings, ['one', /development keys/, /boot partition is not taken.*line 3/]);
  t.same(await methods.serve('update.status', {}), answer.system);
  t.match(await methods.serve('config.show', {}), { state: 'waiting', sources: [{ problem: /line 3/ }] });
  t.equal(methods.serve('kv.get', {}), null, 'the rest is not its business');
});

t.test('SystemMethods tells of a boot partition that cannot be read', async (t) => {
  const { device, methods } = stage();
  rmSync(device.paths.bootPartition, { recursive: true });
  t.match(await methods.serve('update.status', {}), { state: 'unknown', problem: /cannot be read/ });
  writeFileSync(device.paths.slot, '');
  t.match(await methods.serve('update.status', {}), { slot: null, problem: /does not say which slot/ });
});

t.test('SystemMethods marks a factory reset only for the right name', async (t) => {
  const { device, methods } = stage();
  const isMarked = (): boolean => existsSync(device.paths.factoryReset);
  t.match(await methods.serve('system.reset', {}), { done: false, plan: { name: 'node-a' } });
  await t.rejects(methods.serve('system.reset', { confirm: 'node-b' })!, /not the name of this machine/);
  t.equal(isMarked(), false);
  t.match(await methods.serve('system.reset', { confirm: 'node-a' }), { done: true });
  t.equal(isMarked(), true);
});

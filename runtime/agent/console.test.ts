/** The status on a console beside an agent that comes, becomes a member, goes and comes back. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { makeNodes, until } from './testing/test-cluster.ts';

t.setTimeout(180_000);

const mainFile = path.resolve(import.meta.dirname, '../main.ts');

t.test('trivet console says how the machine is, also when its agent does not', async (t) => {
  const secret = 'a secret for tests, long enough';
  const [node] = await makeNodes(t, { size: 1, clusterOf: () => ({ name: 'shop', secret, expect: 1 }) });
  const device = path.join(t.testdir({}), 'line');
  writeFileSync(device, '');
  const words = [mainFile, 'console', '--socket', node!.socket];
  const shown = spawn(process.execPath, [...words, '--device', device], { stdio: 'inherit' });
  t.teardown(() => shown.kill('SIGKILL'));
  const says = (pattern: RegExp): Promise<true> =>
    until(`the console says ${pattern}`, async () => pattern.test(readFileSync(device, 'utf8')));
  await says(/status \| agent: {5}does not answer since .* \(it does not run\)\. It\n/);
  t.notMatch(readFileSync(device, 'utf8'), 'cluster:');
  const patient = path.join(t.testdirName, 'patient');
  writeFileSync(patient, '');
  const waiting = spawn(process.execPath, [...words, '--device', patient, '--patience', '3600']);
  t.teardown(() => waiting.kill('SIGKILL'));
  node!.start();
  await says(/status \| role: {6}member, voter, leads the cluster\n/);
  await says(/status \| enrolment: open, 1 admitted\n/);
  const text = await until('the other one says so too', async () => readFileSync(patient, 'utf8'));
  t.match(text, /^status \| system:/);
  t.notMatch(text, 'does not answer', 'which has waited for the agent');
  const { self } = await node!.status();
  const once = spawnSync(process.execPath, [...words, '--once'], { encoding: 'utf8' });
  t.equal(once.status, 0);
  t.match(once.stdout, `name:      ${self.name} (${self.id})\nkey:       ${self.id} `);
  t.notMatch(once.stdout + readFileSync(device, 'utf8'), secret);
  await node!.stop('SIGKILL');
  await says(/agent: {5}does not answer since .*\(it has ended\)\. Below\n/);
  const roles = readFileSync(device, 'utf8').match(/role:.*$/gm) ?? [];
  t.equal(new Set(roles).size, roles.length, 'what has not changed is not said again');
  node!.start();
  await says(/\(it has ended\)[\s\S]*agent: {5}answers\n/);
  t.notMatch(readFileSync(device, 'latin1'), '\x1b', 'no escapes on a line');
  const ended = new Promise((resolve) => shown.once('exit', (code) => resolve(code)));
  shown.kill('SIGTERM');
  t.equal(await ended, 0);
});

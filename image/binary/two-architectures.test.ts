/** The executables of both architectures understand each other: one agent of each, on one machine, one cluster. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { makeNodes, type TestNode, until } from '../../runtime/agent/testing/test-cluster.ts';
import { type ArchitectureName, architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { hostArchitecture } from '../tools/tools.ts';
import { buildExecutable } from './binary.ts';

/** A program that runs on this machine. */
async function programFor(name: ArchitectureName, directory: string): Promise<string> {
  const architecture = architectureOf(name);
  const { file } = await buildExecutable({ checkout, version, architecture, cache: openCache() });
  if (architecture === hostArchitecture) return file;
  const script = path.join(directory, name);
  writeFileSync(script, `#!/bin/sh\nexec ${architecture.emulator} ${file} "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

t.test('agents of x86_64 and arm64 form one cluster', { timeout: 500_000 }, async (t) => {
  const directory = t.testdir({});
  const programs = [await programFor('x86_64', directory), await programFor('arm64', directory)];
  const nodes = await makeNodes(t, {
    ...{ size: programs.length, expect: programs.length, programOf: (index) => programs[index] },
    // Patient, for the one that is emulated.
    more: { datastore: { heartbeatMilliseconds: 200, electionMilliseconds: 2000 } },
  });
  for (const node of nodes) node.start();
  const [x86, arm] = nodes as [TestNode, TestNode];
  await until('both are members', async () => {
    const status = await arm.status();
    return status.leader !== null && status.nodes.filter((node) => node.online).length === 2;
  });
  t.equal((await x86.status()).clusterId, (await arm.status()).clusterId, 'all are of one cluster');
  await x86.put('from', 'x86_64');
  t.equal(await arm.get('from'), 'x86_64');
  await arm.put('from', 'arm64');
  t.equal(await x86.get('from'), 'arm64');
  // A copy of the state, which a thread makes that the core's thread starts.
  for (const node of nodes) t.match(await node.request('backup.open'), { header: { sizeBytes: Number } });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { connectAdmin } from '../admin/client.ts';
import type { ClusterStatus } from '../admin/protocol.ts';

t.setTimeout(120_000);
const main = path.resolve(import.meta.dirname, '../main.ts');

interface Stage {
  readonly directory: string;
  readonly overFile: string;
  start(): Started;
  ask(method: string): Promise<unknown>;
}

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
  stop(): Promise<number | null>;
}

function stage(t: Test): Stage {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-wait-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const socket = path.join(directory, 's');
  const [configFile, overFile] = [path.join(directory, 'config.yaml'), path.join(directory, 'trivet.yaml')];
  writeFileSync(
    configFile,
    JSON.stringify({
      ...{ admin: { socket }, dataDirectory: path.join(directory, 'data') },
      ...{ discovery: { mdns: false }, peers: { address: '127.0.0.1', port: 0 } },
    }),
  );
  const start = (): Started => {
    const child = spawn(process.execPath, [main, 'agent', '--config', configFile, '--over', overFile]);
    t.teardown(() => child.kill('SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const stop = (): Promise<number | null> => {
      child.kill('SIGTERM');
      return ended;
    };
    return { child, said: () => said, stop };
  };
  const ask = async (method: string): Promise<unknown> => {
    const client = await connectAdmin(socket);
    try {
      return await client.request(method);
    } finally {
      client.close();
    }
  };
  return { directory, overFile, start, ask };
}

/** The status, as soon as it is one that is waited for. */
async function waitForStatus(
  { ask }: Stage,
  agent: Started,
  matches: (status: ClusterStatus) => boolean,
): Promise<ClusterStatus> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const status = (await ask('status').catch(() => null)) as ClusterStatus | null;
    if (status !== null && matches(status)) return status;
    if (performance.now() > deadline)
      throw new Error(`it did not come: ${JSON.stringify(status)} ${agent.said()}`);
    await pause(100);
  }
}

t.test('an agent without a cluster waits, answers, and says what to do', async (t) => {
  const story = stage(t);
  const agent = story.start();
  const status = await waitForStatus(story, agent, () => true);
  t.equal(status.self.state, 'waiting');
  t.match(status.reason, /belongs to no cluster yet: trivet\.yaml on the boot partition/);
  t.equal(status.system, null, 'no image runs here');
  t.match(agent.said(), /belongs to no cluster yet/);
  t.match(await story.ask('node.info'), { uptimeSeconds: Number });
  t.same(await story.ask('ping'), {});
  await t.rejects(story.ask('kv.get'), /belongs to no cluster yet/);
  await t.rejects(story.ask('system.reset'), /this is none/);
  t.equal(await agent.stop(), 0);
});

t.test(
  'an agent takes its cluster from the file that goes over, and stays in it when that breaks',
  async (t) => {
    const story = stage(t);
    writeFileSync(story.overFile, 'cluster: { name: edge, secret: 0123456789abcdef, expect: 1 }\n');
    const first = story.start();
    const status = await waitForStatus(story, first, ({ leader }) => leader !== null);
    t.match(status, { clusterName: 'edge', self: { state: 'member' }, warnings: [] });
    t.equal(await first.stop(), 0);
    writeFileSync(
      story.overFile,
      'cluster: { name: edge, secret: 0123456789abcdef, expect: 1 }\nnode:\n  nam: x\n',
    );
    const second = story.start();
    const kept = await waitForStatus(story, second, ({ leader }) => leader !== null);
    t.match(kept, { clusterName: 'edge', clusterId: status.clusterId });
    t.match(kept.warnings, [/is not taken, .*trivet\.yaml, line 3: node\.nam/]);
    t.match(second.said(), /line 3: node\.nam/);
    t.equal(await second.stop(), 0);
    rmSync(story.overFile);
    const third = story.start();
    const away = await waitForStatus(story, third, () => true);
    t.match(away, { self: { state: 'waiting' }, warnings: [] }, 'it was taken away on purpose');
    t.equal(await third.stop(), 0);
  },
);

t.test('an agent that cannot keep its configuration says so, and works', async (t) => {
  const story = stage(t);
  writeFileSync(story.overFile, 'cluster: { name: edge, secret: 0123456789abcdef, expect: 1 }\n');
  mkdirSync(path.join(story.directory, 'data/trivet.yaml'), { recursive: true });
  const agent = story.start();
  await waitForStatus(story, agent, ({ leader }) => leader !== null);
  t.match(agent.said(), /could not be kept for the next start: EISDIR/);
  t.equal(await agent.stop(), 0);
});

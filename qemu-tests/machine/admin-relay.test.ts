/** The relay between clients and a console that a test holds in its hands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import t, { type Test } from 'tap';
import { connectAdmin } from '../../runtime/admin/client.ts';
import { LineSplitter } from '../../runtime/admin/protocol.ts';
import { AdminRelay } from './admin-relay.ts';

async function makeRelay(t: Test): Promise<AdminRelay> {
  // A short path: t.testdir() may be longer than a socket's path can be.
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  const relay = new AdminRelay(path.join(directory, 'n1.sock'));
  await relay.listen();
  t.teardown(async () => {
    await relay.close();
    rmSync(directory, { recursive: true });
  });
  return relay;
}

/** An agent that answers every request with its own method, after some noise. */
function fakeAgent(): Duplex {
  const [host, guest] = duplexPair();
  const lines = new LineSplitter((line) => {
    const { id, method } = JSON.parse(line) as { id: string; method: string };
    guest.write(`noise from the kernel\n${line}\n${JSON.stringify({ id, result: method })}\n`);
  });
  guest.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk));
  return host;
}

t.test('AdminRelay lets several clients ask over one console', async (t) => {
  const relay = await makeRelay(t);
  relay.attach(fakeAgent());
  const clients = await Promise.all([1, 2, 3].map(() => connectAdmin(relay.socketPath)));
  const answers = await Promise.all(clients.map((client, index) => client.request(`method ${index}`)));
  t.strictSame(answers, ['method 0', 'method 1', 'method 2']);
  for (const client of clients) client.close();
});

t.test(
  'AdminRelay says that the machine is off, and reaches it again after it was switched on',
  async (t) => {
    const relay = await makeRelay(t);
    const client = await connectAdmin(relay.socketPath);
    t.teardown(() => client.close());
    await t.rejects(client.request('status'), { code: 'refused', message: /switched off/ });
    const console = fakeAgent();
    relay.attach(console);
    t.equal(await client.request('one'), 'one');
    const closed = new Promise((resolve) => console.once('close', resolve));
    console.destroy();
    await closed;
    await t.rejects(client.request('two'), { code: 'refused', message: /switched off/ });
    relay.attach(fakeAgent());
    t.equal(await client.request('three'), 'three');
  },
);

t.test('AdminRelay answers nothing to a console that says nothing', async (t) => {
  const relay = await makeRelay(t);
  relay.attach(new PassThrough({ allowHalfOpen: true }));
  const client = await connectAdmin(relay.socketPath);
  t.teardown(() => client.close());
  await t.rejects(client.request('status', {}, { timeoutMilliseconds: 50 }), { code: 'timeout' });
});

t.test('AdminRelay refuses a path that no socket can have', async (t) => {
  const relay = new AdminRelay(`/tmp/${'long'.repeat(30)}/n1.sock`);
  await t.rejects(relay.listen(), { name: 'MachineError', code: 'pathTooLong' });
});

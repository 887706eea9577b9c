/** Ten thousand watches on one server: each is told everything once, and what they hold is bounded and given back. */
import type http2 from 'node:http2';
import v8 from 'node:v8';
import vm from 'node:vm';
import t, { type Test } from 'tap';
import { configMap } from '../handlers/testing/open-kind.ts';
import { openServer, until } from './testing/open-server.ts';

t.setTimeout(600_000);

const base = '/api/v1/namespaces/d/configmaps';
const watches = 10_000;
/** As many streams as one connection may have. */
const watchesOfConnection = 250;
const writes = 5;
/** Both ends are in this process: a stream, a request, an answer and a subscription each, here and there. */
const mostKibibytesOfWatch = 64;

type Server = Awaited<ReturnType<typeof openServer>>;

/** Events that each watch has been told. */
function watch(session: http2.ClientHttp2Session, told: number[], index: number): void {
  const stream = session.request({ ':path': `${base}?watch=1&resourceVersion=0` });
  stream.on('error', () => {});
  stream.on('data', (piece: Buffer) => {
    for (const byte of piece) if (byte === newline) told[index] = (told[index] ?? 0) + 1;
  });
  stream.on('response', () => {
    told[index] ??= 0;
  });
}

// Only what is really held counts.
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

const newline = '\n'.charCodeAt(0);

function usedMebibytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

async function write({ ask }: Server, t: Test, number: number): Promise<void> {
  const body = { ...configMap, metadata: { name: `n${number}`, namespace: 'd' } };
  t.equal((await ask('POST', base, { body })).code, 201);
}

t.test('ten thousand watches are told everything once', async (t) => {
  const server = await openServer(t);
  await write(server, t, 0);
  const before = usedMebibytes();
  const told: number[] = [];
  const sessions = Array.from({ length: watches / watchesOfConnection }, () => server.connect2());
  for (const [place, session] of sessions.entries()) {
    for (let index = 0; index < watchesOfConnection; index += 1) {
      watch(session, told, place * watchesOfConnection + index);
    }
    // One connection after the other, as clients come.
    const last = (place + 1) * watchesOfConnection;
    await until('they are answered', () => told.filter((count) => count >= 1).length >= last);
  }
  t.same(
    told.filter((count) => count !== 1),
    [],
    'each was told what there was',
  );
  const open = usedMebibytes() - before;
  t.comment(`${watches} watches hold ${open.toFixed(0)} MiB at both ends`);
  t.ok(open < (watches * mostKibibytesOfWatch) / 1024, `${open.toFixed(0)} MiB`);
  for (let number = 1; number <= writes; number += 1) await write(server, t, number);
  await until('all are told all', () => told.every((count) => count >= writes + 1));
  t.same(
    told.filter((count) => count !== writes + 1),
    [],
    'nobody was told anything twice',
  );
  t.equal((await server.ask('GET', base)).code, 200, 'others are served');
  for (const session of sessions) session.destroy();
  await write(server, t, writes + 1);
  const left = await settled(before + open / 4);
  t.ok(left < before + open / 4, `${(left - before).toFixed(0)} MiB are left of ${open.toFixed(0)}`);
  t.same(server.faults, []);
});

/** What is used when it has come down to a bound, or does not come down any more. */
async function settled(bound: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const used = usedMebibytes();
    if (used < bound || tries === 100) return used;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Through real sockets, on loopback. Over IPv6: `runtime/process-faults/moves.test.ts`. */
import { createSocket, type Socket } from 'node:dgram';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { NodeId } from '../../raft/types.ts';
import { encodeAnnouncement } from './announcement.ts';
import type { Hint } from './hints.ts';
import { startMdns } from './mdns.ts';

const loopback = '127.0.0.1';
const group = '224.0.0.251';
const port = 5353;
const mostOfOneSender = 40;
/** Other agents may be tested on this machine at the same time. */
const clusterName = `mdns-test-${process.pid}`;

function id(number: number): NodeId {
  return number.toString(16).padStart(16, '0') as NodeId;
}

function startNode(t: Test, number: number, name = clusterName): Hint[] {
  const hints: Hint[] = [];
  const own = { id: id(number), clusterName: name, port: 7000 + number };
  const mdns = startMdns({ own, links: { only: loopback, listenAddress: '::' } }, (hint) => hints.push(hint));
  t.teardown(() => mdns.close());
  return hints;
}

async function openSocket(
  t: Test,
  localPort: number,
  address = loopback,
): Promise<(bytes: Uint8Array) => Promise<void>> {
  const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  t.teardown(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(localPort, address, resolve));
  socket.setMulticastInterface(address);
  return (bytes) => new Promise((resolve) => socket.send(bytes, port, group, () => resolve()));
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function lie(number: number): Uint8Array {
  return encodeAnnouncement({ id: id(number), clusterName, port: 1 }, { ipv4: [], ipv6: [] });
}

t.test('nodes of one cluster hear of each other, and of no other', async (t) => {
  const first = startNode(t, 1);
  const stranger = startNode(t, 2, `${clusterName}-other`);
  const second = startNode(t, 3);
  await until('both have heard', () => first.length > 0 && second.length > 0);
  t.match(first[0], { id: id(3), endpoint: { host: loopback, port: 7003 }, origin: 'heard' });
  t.match(second[0], { id: id(1), endpoint: { port: 7001 } });
  t.ok([...first, ...second].every((hint) => hint.id !== id(2)));
  t.same(stranger, []);
});

t.test('what does not come from the port of multicast DNS is not heard', async (t) => {
  const hints = startNode(t, 1);
  const [wrong, right] = [await openSocket(t, 0), await openSocket(t, port)];
  await until('an honest one is heard', () => {
    void wrong(lie(0xaa));
    void right(lie(0xbb));
    return hints.some((hint) => hint.id === id(0xbb));
  });
  t.notOk(hints.some((hint) => hint.id === id(0xaa)));
});

t.test('bytes at random and a flood do no harm, and are not all looked at', async (t) => {
  const hints = startNode(t, 1);
  const send = await openSocket(t, port);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
      await send(bytes);
    }),
    { numRuns: 1_000 },
  );
  t.same(hints, []);
  const startedAt = performance.now();
  for (let number = 1_000; number < 6_000; number += 1) await send(lie(number));
  const seconds = Math.ceil((performance.now() - startedAt) / 1_000) + 1;
  t.ok(hints.length <= mostOfOneSender * seconds, `${hints.length} of 5,000 taken in ${seconds} s`);
  const second = startNode(t, 2);
  await until(
    'they hear each other again',
    () => hints.some((hint) => hint.id === id(2)) && second.length > 0,
  );
});

t.test('one machine’s flood does not drown what others say', async (t) => {
  const flood = await openSocket(t, port, '127.0.0.2');
  const first = startNode(t, 1);
  let flooding = true;
  const flooded = (async () => {
    for (let number = 1_000; flooding; number += 1) {
      await flood(lie(number));
      // No more at once than a socket takes in one turn of this thread, which sends and receives.
      if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  // Into the middle of a second, when the flood has had its share.
  await until('it is flooded', () => first.length > mostOfOneSender);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const startedAt = performance.now();
  const second = startNode(t, 2);
  await until(
    'they hear each other',
    () => first.some((hint) => hint.id === id(2)) && second.some((hint) => hint.id === id(1)),
  );
  t.ok(performance.now() - startedAt < 3_000, `${(performance.now() - startedAt).toFixed(0)} ms`);
  flooding = false;
  await flooded;
});

/** The switch with sockets in place of machines. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { encodeFrame, FrameReader } from './frames.ts';
import { VirtualSwitch } from './virtual-switch.ts';

const broadcast = 'ffffffffffff';
const waitLimitMilliseconds = 10_000;

/** A machine as the switch sees it: an address and a socket. */
class FakeMachine {
  readonly address: string;
  readonly socket: net.Socket;
  readonly received: string[] = [];

  constructor(address: string, socket: net.Socket) {
    this.address = address;
    this.socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.received.push(frame.toString('utf8', 4 + 14));
    });
    socket.on('error', () => {});
  }

  send(destination: string, text: string): void {
    const header = Buffer.from(`${destination}${this.address}88b5`, 'hex');
    this.socket.write(encodeFrame(Buffer.concat([header, Buffer.from(text)])));
  }
}

interface Network {
  readonly virtualSwitch: VirtualSwitch;
  readonly machines: readonly [FakeMachine, FakeMachine, FakeMachine];
}

async function makeNetwork(t: Test, random?: () => number): Promise<Network> {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-switch-'));
  const virtualSwitch = new VirtualSwitch({ directory, ...(random ? { random } : {}) });
  const plug = async (number: number): Promise<FakeMachine> => {
    const socket = net.connect(await virtualSwitch.addPort(`n${number}`));
    await new Promise((resolve) => socket.once('connect', resolve));
    t.teardown(() => socket.destroy());
    return new FakeMachine(`52540000000${number}`, socket);
  };
  const machines: Network['machines'] = [await plug(1), await plug(2), await plug(3)];
  t.teardown(async () => {
    await virtualSwitch.close();
    rmSync(directory, { recursive: true });
  });
  return { virtualSwitch, machines };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + waitLimitMilliseconds;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Frames between two machines keep their order, so what came before this one has come as well. */
async function settle(from: FakeMachine, to: readonly FakeMachine[]): Promise<void> {
  from.send(broadcast, 'settled');
  await until('the last frame has come', () => to.every((machine) => machine.received.includes('settled')));
}

t.test('VirtualSwitch sends a broadcast to all others, and to known addresses only there', async (t) => {
  const { machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  b.send(broadcast, 'who is there');
  await until('both have heard', () => a.received.length === 1 && c.received.length === 1);
  a.send(b.address, 'hello b');
  await until('b has heard', () => b.received.includes('hello b'));
  await settle(a, [b, c]);
  t.strictSame(b.received, ['hello b', 'settled']);
  t.strictSame(c.received, ['who is there', 'settled'], 'the third did not see the frame for b');
  t.strictSame(a.received, ['who is there'], 'nobody hears himself');
});

t.test('VirtualSwitch floods to an address it has not seen', async (t) => {
  const { machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  a.send(b.address, 'are you there');
  await until('both have it', () => b.received.length === 1 && c.received.length === 1);
  t.pass('both got it');
});

t.test('cut separates one machine until join', async (t) => {
  const { virtualSwitch, machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  virtualSwitch.cut('n2');
  a.send(broadcast, 'one');
  b.send(broadcast, 'two');
  await settle(a, [c]);
  await until("b's frame has reached the switch", () => virtualSwitch.counters('n2').received === 1);
  t.strictSame(c.received, ['one', 'settled']);
  t.strictSame(b.received, []);
  t.equal(virtualSwitch.counters('n2').lost, 3, 'two to it, one from it');
  virtualSwitch.join('n2');
  await settle(a, [b]);
  t.strictSame(b.received, ['settled']);
});

t.test('partition separates groups until heal', async (t) => {
  const { virtualSwitch, machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  virtualSwitch.partition(['n1'], ['n2', 'n3']);
  b.send(broadcast, 'from b');
  await until('c has it', () => c.received.length === 1);
  t.strictSame(a.received, []);
  virtualSwitch.heal();
  await settle(b, [a, c]);
  t.strictSame(a.received, ['settled']);
});

t.test('delay holds frames back and keeps their order', async (t) => {
  const { virtualSwitch, machines } = await makeNetwork(t);
  const [a, b] = machines;
  virtualSwitch.delay('n2', 150);
  const startedAt = performance.now();
  for (let i = 0; i < 20; i += 1) a.send(broadcast, `frame ${i}`);
  await until('all have come', () => b.received.length === 20);
  t.ok(performance.now() - startedAt >= 145, 'not before the delay');
  t.strictSame(
    b.received,
    Array.from({ length: 20 }, (_, i) => `frame ${i}`),
  );
});

t.test('lose drops the share of frames that chance says', async (t) => {
  const chances = [0.1, 0.9, 0.4, 0.6];
  const { virtualSwitch, machines } = await makeNetwork(t, () => chances.shift() ?? 1);
  const [a, b] = machines;
  virtualSwitch.lose('n2', 0.5);
  for (const text of ['one', 'two', 'three', 'four']) a.send(broadcast, text);
  await settle(a, [b]);
  t.strictSame(b.received, ['two', 'four', 'settled']);
});

t.test('a machine that reads nothing loses frames and holds nobody up', async (t) => {
  const { virtualSwitch, machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  b.socket.pause();
  const text = 'x'.repeat(60_000);
  for (let i = 0; i < 100; i += 1) {
    a.send(broadcast, text);
    await until('c has it', () => c.received.length === i + 1);
  }
  t.ok(virtualSwitch.counters('n2').lost > 0, 'frames to the slow machine are lost');
  t.equal(c.received.length, 100, 'the others get all');
});

t.test('a machine that sends what is no frame is unplugged; the others go on', async (t) => {
  const { machines } = await makeNetwork(t);
  const [a, b, c] = machines;
  const closed = new Promise((resolve) => b.socket.once('close', resolve));
  b.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  await closed;
  await settle(a, [c]);
  t.pass('still switching');
});

t.test('addPort refuses a path that no socket can have', async (t) => {
  const virtualSwitch = new VirtualSwitch({ directory: `/tmp/${'long'.repeat(30)}` });
  await t.rejects(virtualSwitch.addPort('n1'), { name: 'SwitchError', code: 'pathTooLong' });
});

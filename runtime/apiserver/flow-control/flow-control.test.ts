import fc from 'fast-check';
import t from 'tap';
import { readRequest } from '../request/request-info.ts';
import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from '../schemas/generated/types/api-flowcontrol-v1.ts';
import { createFairQueues } from './fair-queues.ts';
import { type FlowControl, openFlowControl, type Ticket } from './flow-control.ts';
import { seatsOf } from './seats.ts';
import { dealHand, hashFlow } from './shuffle-shard.ts';

const userOf = (name: string, ...groups: string[]) => ({ name, uid: '', groups, extra: {} });
const infoOf = (path: string, method = 'GET') =>
  readRequest(method, path, new URLSearchParams()) as NonNullable<ReturnType<typeof readRequest>>;
const pods = infoOf('/api/v1/namespaces/d/pods');
const forever = new AbortController().signal;

/** Time passes only when a test says so. */
function open(totalSeats: number) {
  let nowMs = 0;
  const timers: { at: number; run: () => void }[] = [];
  const control = openFlowControl({
    ...{ totalSeats, longestWaitMs: 1_000, nowMs: () => nowMs },
    after: (milliseconds, run) => {
      const timer = { at: nowMs + milliseconds, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
  });
  const pass = (milliseconds: number) => {
    nowMs += milliseconds;
    for (const timer of timers.filter(({ at }) => at <= nowMs)) timer.run();
  };
  return { control, pass };
}

const level = (
  name: string,
  shares: number,
  queuing: object | null,
  more: object = {},
): PriorityLevelConfiguration => ({
  metadata: { name, uid: `uid-${name}` },
  spec: {
    type: 'Limited',
    limited: {
      ...{ nominalConcurrencyShares: shares, lendablePercent: 0, borrowingLimitPercent: 0 },
      limitResponse: queuing === null ? { type: 'Reject' } : { type: 'Queue', queuing },
      ...more,
    },
  },
});
const schema = (name: string, group: string): FlowSchema => ({
  metadata: { name, uid: `uid-${name}` },
  spec: {
    priorityLevelConfiguration: { name },
    matchingPrecedence: 10,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [{ kind: 'Group', group: { name: group } }],
        resourceRules: [
          { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
        ],
      },
    ],
  },
});

/** Tickets as they come, by who has them. */
function collect(control: FlowControl) {
  const running: { name: string; ticket: Ticket }[] = [];
  const refused: string[] = [];
  const ask = (name: string, signal = forever) => {
    void control.enter(userOf(name, 'g'), pods, 1, signal).then((ticket) => {
      if (ticket.isAdmitted) running.push({ name, ticket });
      else refused.push(name);
    });
  };
  return { running, refused, ask };
}
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

t.test('an elephant does not starve a mouse', async (t) => {
  const { control, pass } = open(2);
  control.configure([schema('w', 'g')], [level('w', 100, { queues: 64, handSize: 6, queueLengthLimit: 50 })]);
  const { running, refused, ask } = collect(control);
  for (let number = 0; number < 200; number += 1) ask('elephant');
  ask('mouse');
  await settle();
  const order: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    pass(10);
    const first = running.shift();
    if (first === undefined) break;
    order.push(first.name);
    first.ticket.release();
    await settle();
  }
  t.ok(
    order.indexOf('mouse') >= 0 && order.indexOf('mouse') < 12,
    `the mouse is number ${order.indexOf('mouse')}`,
  );
  t.equal(refused.length, 0);
});

t.test('queues are bounded, and so is the wait', async (t) => {
  const { control, pass } = open(1);
  control.configure([schema('w', 'g')], [level('w', 100, { queues: 1, handSize: 1, queueLengthLimit: 3 })]);
  const { running, refused, ask } = collect(control);
  for (let number = 0; number < 10; number += 1) ask(`u${number}`);
  await settle();
  const seats = running.length;
  t.ok(seats >= 1 && seats <= 2);
  t.equal(refused.length, 10 - seats - 3);
  pass(1_000);
  await settle();
  t.equal(refused.length, 10 - seats, 'who has waited too long goes');
  for (const { ticket } of running.splice(0)) ticket.release();
  ask('late');
  await settle();
  t.same(
    running.map(({ name }) => name),
    ['late'],
  );
  const gone = new AbortController();
  ask('gone', gone.signal);
  ask('gone', gone.signal);
  gone.abort();
  await settle();
  t.equal(
    refused.filter((name) => name === 'gone').length,
    3 - Math.min(2, 1 + running.filter(({ name }) => name === 'gone').length),
  );
});

t.test('who is exempt never waits; other levels refuse at once, or borrow', async (t) => {
  const { control } = open(4);
  const tickets = await Promise.all(
    Array.from({ length: 50 }, () => control.enter(userOf('root', 'system:masters'), pods, 10, forever)),
  );
  t.ok(tickets.every(({ isAdmitted }) => isAdmitted));
  control.configure(
    [schema('w', 'g')],
    [level('w', 10, null, { borrowingLimitPercent: 100 }), level('idle', 10, null, { lendablePercent: 100 })],
  );
  const all = await Promise.all(
    Array.from({ length: 6 }, () => control.enter(userOf('a', 'g'), pods, 1, forever)),
  );
  t.equal(all.filter(({ isAdmitted }) => isAdmitted).length, 4, 'two of its own, two of the idle one');
  t.same(all[5]?.headers, {
    'x-kubernetes-pf-flowschema-uid': 'uid-w',
    'x-kubernetes-pf-prioritylevel-uid': 'uid-w',
  });
  all[0]?.release();
  all[0]?.release();
  const more = await Promise.all([1, 2].map(() => control.enter(userOf('a', 'g'), pods, 1, forever)));
  t.same(
    more.map(({ isAdmitted }) => isAdmitted),
    [true, false],
  );
});

t.test('the schema with the lowest precedence counts, and nobody is without a level', async (t) => {
  const { control } = open(600);
  const two = schema('two', 'g');
  const first = { ...two, spec: { ...two.spec, matchingPrecedence: 1 } } as FlowSchema;
  control.configure([schema('one', 'g'), first], [level('one', 10, null), level('two', 10, null)]);
  const { headers } = await control.enter(userOf('a', 'g'), pods, 1, forever);
  t.equal(headers['x-kubernetes-pf-flowschema-uid'], 'uid-two');
  const nobody = await control.enter(userOf('a', 'other'), infoOf('/healthz'), 1, forever);
  t.ok(nobody.isAdmitted);
});

t.test('seatsOf counts what a list touches', async (t) => {
  t.equal(seatsOf(pods, null, 0), 1);
  t.equal(seatsOf(pods, 50, 0), 1);
  t.equal(seatsOf(pods, 450, 0), 5);
  t.equal(seatsOf(pods, 100_000, 0), 10);
  t.equal(seatsOf(pods, 100_000, 200), 2);
  t.equal(seatsOf(infoOf('/api/v1/namespaces/d/pods/p'), 100_000, 0), 1);
  t.equal(seatsOf(infoOf('/api/v1/namespaces/d/pods', 'POST'), 100_000, 0), 1);
});

t.test('dealHand deals different queues, and spreads them', async (t) => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 128 }),
      fc.integer({ min: 1, max: 8 }),
      (name, queues, hand) => {
        const dealt = dealHand(hashFlow('s', name), queues, hand);
        return (
          dealt.length === Math.min(queues, hand) &&
          new Set(dealt).size === dealt.length &&
          dealt.every((index) => index >= 0 && index < queues)
        );
      },
    ),
  );
  const used = new Set(
    Array.from({ length: 500 }, (_, index) => dealHand(hashFlow('s', `u${index}`), 64, 6)[0]),
  );
  t.equal(used.size, 64);
});

t.test('createFairQueues serves what comes: nothing is lost, nothing twice', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ flow: fc.nat(9), seats: fc.integer({ min: 1, max: 3 }) }), { maxLength: 60 }),
      (requests) => {
        const queues = createFairQueues({ queues: 8, handSize: 3, lengthLimit: 100 });
        const placed = requests.map(({ flow, seats }) =>
          queues.add(hashFlow('s', `${flow}`), { seats, start: () => {} }),
        );
        let served = 0;
        for (; queues.peek() !== null; served += 1) queues.take()(served % 7);
        return served === placed.length && queues.waiting() === 0;
      },
    ),
  );
});

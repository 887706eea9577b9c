import fc from 'fast-check';
import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import { Candidates, mostHeard } from './candidates.ts';
import type { Hint, HintOrigin } from './hints.ts';

const member = '0000000000000001' as NodeId;
const other = '0000000000000002' as NodeId;
const isMember = (id: NodeId): boolean => id === member;

function hint(host: string, id: NodeId | null = null, origin: HintOrigin = 'heard', port = 7443): Hint {
  return { endpoint: { host, port }, id, origin };
}

function strangerId(number: number): NodeId {
  return (0xf000_0000 + number).toString(16).padStart(16, 'f') as NodeId;
}

function keys(candidates: Candidates, now: number): string[] {
  return candidates.current(now).map(({ key }) => key);
}

t.test('Candidates says what is news', async (t) => {
  const candidates = new Candidates(isMember);
  t.equal(candidates.offer(hint('10.0.0.1'), 0), true);
  t.equal(candidates.offer(hint('10.0.0.1'), 1), false);
  t.equal(candidates.offer(hint('fe80::1%eth0'), 1), true);
  t.same(keys(candidates, 2), ['10.0.0.1:7443', '[fe80::1%eth0]:7443']);
});

t.test('Candidates forgets what is not said again, never what is configured', async (t) => {
  const candidates = new Candidates(isMember);
  candidates.offer(hint('10.0.0.1'), 0);
  candidates.offer(hint('10.0.0.2', null, 'configured'), 0);
  candidates.offer(hint('10.0.0.3', null, 'lookedUp'), 0);
  candidates.offer(hint('10.0.0.1'), 100_000);
  t.equal(keys(candidates, 200_000).length, 3);
  t.same(keys(candidates, 230_000), ['10.0.0.2:7443', '10.0.0.3:7443']);
  t.same(keys(candidates, 1e12), ['10.0.0.2:7443']);
});

t.test(
  'a flood of announcements with ids at random pushes out neither members nor what is surer',
  async (t) => {
    const candidates = new Candidates(isMember);
    candidates.offer(hint('10.0.0.1', member), 0);
    candidates.offer(hint('10.0.0.2', null, 'configured'), 0);
    candidates.offer(hint('10.0.0.3', null, 'lookedUp'), 0);
    candidates.offer(hint('10.0.0.4', other, 'proved'), 0);
    for (let i = 0; i < 10_000; i += 1) {
      candidates.offer(hint(`10.1.${i >> 8}.${i & 255}`, strangerId(i)), i / 1_000);
    }
    const left = keys(candidates, 20);
    t.equal(left.length, mostHeard + 3);
    for (const host of [1, 2, 3, 4]) t.ok(left.includes(`10.0.0.${host}:7443`), `10.0.0.${host} is left`);
  },
);

t.test('one host, and one id, have few places among what is heard', async (t) => {
  const candidates = new Candidates(isMember);
  for (let port = 1; port <= 100; port += 1)
    candidates.offer(hint('10.0.0.9', strangerId(port), 'heard', port), 0);
  t.equal(keys(candidates, 1).length, 8);
  for (let i = 1; i <= 100; i += 1) candidates.offer(hint(`10.2.0.${i}`, member), 0);
  t.equal(candidates.current(1).filter(({ id }) => id === member).length, 4);
  t.ok(keys(candidates, 1).includes('10.2.0.100:7443'), 'the newest');
});

t.test('what is heard does not change whose a surer place is', async (t) => {
  const candidates = new Candidates(isMember);
  candidates.offer(hint('10.0.0.1', null, 'configured'), 0);
  candidates.offer(hint('10.0.0.1', other, 'heard'), 1);
  t.match(candidates.current(2), [{ id: null, origin: 'configured' }]);
  candidates.offer(hint('10.0.0.2', other, 'heard'), 1);
  candidates.offer(hint('10.0.0.2', null, 'lookedUp'), 1);
  t.match(candidates.current(2)[1], { id: null, origin: 'lookedUp' });
});

t.test('Candidates stays bounded whatever is offered', async () => {
  const anyHint = fc.record({
    endpoint: fc.record({ host: fc.ipV4(), port: fc.nat(65535) }),
    id: fc.option(fc.nat(1_000).map(strangerId)),
    origin: fc.constantFrom<HintOrigin>('heard', 'lookedUp', 'proved'),
  });
  fc.assert(
    fc.property(fc.array(anyHint, { minLength: 500, maxLength: 1_500 }), (hints) => {
      const candidates = new Candidates(isMember);
      for (const [at, each] of hints.entries()) candidates.offer(each, at);
      return candidates.current(hints.length).length <= mostHeard + 2 * 128;
    }),
    { numRuns: 20 },
  );
});

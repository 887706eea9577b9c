import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import type { Candidate } from './candidates.ts';
import { chooseProbes, type ProbeObservation } from './choose-probes.ts';

const [a, b, stranger] = ['aa', 'bb', 'ff'].map((digits) => digits.repeat(8)) as [NodeId, NodeId, NodeId];

function candidate(key: string, id: NodeId | null): Candidate {
  return { key, id, endpoint: { host: key, port: 7443 }, origin: id === null ? 'configured' : 'heard' };
}

function choose(observation: Partial<ProbeObservation>): string[] {
  const whole: ProbeObservation = {
    ...{ candidates: [], missing: [], attempts: new Map(), eager: true, now: 1_000_000 },
    ...{ isMember: (id) => id === a || id === b, knows: () => false },
    ...observation,
  };
  return chooseProbes(whole).map(({ key }) => key);
}

t.test('a member knocks where a member is said to be that it does not know there', async (t) => {
  const candidates = [candidate('new', a), candidate('stranger', stranger)];
  t.same(choose({ candidates }), ['new'], 'nobody need be missing: its address may have changed');
  t.same(choose({ candidates, knows: (id, { host }) => id === a && host === 'new' }), []);
});

t.test('a place without an identity is tried while somebody is missing', async (t) => {
  const candidates = [candidate('static', null)];
  t.same(choose({ candidates }), []);
  t.same(choose({ candidates, missing: [b] }), ['static']);
});

t.test('who is missing comes first, then what was not tried for longest', async (t) => {
  const candidates = [
    candidate('moved', a),
    candidate('s1', null),
    candidate('s2', null),
    candidate('lost', b),
  ];
  const attempts = new Map([['s1', { at: 900_000, answered: false }]]);
  t.same(choose({ candidates, missing: [b], attempts }), ['lost', 's2', 's1', 'moved']);
});

t.test('a place is not tried again at once, and seldom when the search is long', async (t) => {
  const candidates = [candidate('static', null)];
  const at = (ago: number, answered = false) => new Map([['static', { at: 1_000_000 - ago, answered }]]);
  const missing = [b];
  t.same(choose({ candidates, missing, attempts: at(1_000) }), []);
  t.same(choose({ candidates, missing, attempts: at(4_000) }), ['static']);
  t.same(choose({ candidates, missing, attempts: at(4_000), eager: false }), []);
  t.same(choose({ candidates, missing, attempts: at(31_000), eager: false }), ['static']);
  t.same(choose({ candidates, missing, attempts: at(31_000, true) }), [], 'another node answered there');
  t.same(choose({ candidates, missing, attempts: at(61_000, true) }), ['static']);
});

t.test('a flood of places makes a few attempts a round', async (t) => {
  const candidates = Array.from({ length: 500 }, (_, i) => candidate(`c${i}`, a));
  t.equal(choose({ candidates, missing: [a] }).length, 4);
});

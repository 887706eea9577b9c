import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import type { Candidate } from './candidates.ts';
import { chooseGreetings } from './choose-greetings.ts';

const [a, b] = ['00112233aabbccdd', 'ffeeddccbbaa0099'] as [NodeId, NodeId];

function candidate(host: string, id: NodeId | null): Candidate {
  return { key: `${host}:7443`, endpoint: { host, port: 7443 }, origin: 'heard', id };
}

const six = candidate('fe80::1%eth0', a);
const four = candidate('192.0.2.1', a);
const candidates = [
  six,
  four,
  candidate('192.0.2.2', b),
  candidate('192.0.2.3', null),
  candidate('192.0.2.4', null),
];

function choose(answered: string | null, tried: [string, number][]): string[] {
  const answeredAt = (id: NodeId): string | null => (id === a ? answered : null);
  return chooseGreetings({ candidates, answeredAt, triedAt: new Map(tried) }).map(({ key }) => key);
}

t.test('chooseGreetings knocks once at every machine, and at every place without an identity', async (t) => {
  t.same(choose(null, []), ['192.0.2.1:7443', '192.0.2.2:7443', '192.0.2.3:7443', '192.0.2.4:7443']);
});

t.test('chooseGreetings tries the other places of one that does not answer in turn', async (t) => {
  t.equal(choose(null, [[four.key, 5]])[0], six.key);
  t.equal(
    choose(null, [
      [four.key, 5],
      [six.key, 6],
    ])[0],
    four.key,
  );
});

t.test('chooseGreetings stays where a machine answers', async (t) => {
  t.equal(choose(six.key, [[six.key, 9]])[0], six.key);
});

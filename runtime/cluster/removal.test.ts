import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { findMember, objectToForce } from './removal.ts';
import type { Member } from './roster.ts';

function member(id: string, name: string): Member {
  const more = { address: '192.0.2.1:7443', version: '1', failureDomain: null, weight: 0, spareOnly: false };
  return { id: id as NodeId, name, ...more };
}

const members = [
  member('00112233445566aa', 'edge-1'),
  member('0011ffff445566bb', 'edge-2'),
  member('ab', 'edge-2'),
];

t.test('findMember takes a name, an id and the beginning of an id', async (t) => {
  t.equal(findMember(members, 'edge-1').id, '00112233445566aa');
  t.equal(findMember(members, '0011ffff445566bb').name, 'edge-2');
  t.equal(findMember(members, '001122').name, 'edge-1');
});

t.test('findMember says which nodes there are when it cannot tell', async (t) => {
  t.throws(() => findMember(members, 'edge-9'), {
    code: 'unknownNode',
    message: /edge-1 \(00112233445566aa\)/,
  });
  t.throws(() => findMember(members, 'edge-2'), { message: /several nodes: give the id/ });
  t.throws(() => findMember(members, '0011'), { message: /several nodes/ });
  t.throws(() => findMember(members, '00'), { message: /no node "00"/ }, 'too short to be a beginning');
});

t.test('objectToForce lets nobody go whose seat the cluster needs', async (t) => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'] as NodeId[];
  const status = { configuration: { voters: [a!, b!, c!], outgoing: [], learners: [d!] } };
  const online =
    (...ids: string[]) =>
    (id: NodeId) =>
      ids.includes(id);
  t.equal(objectToForce(status, c!, online('a', 'b', 'c')), null);
  t.match(
    objectToForce(status, c!, online('a', 'c')),
    /1 of 3 voters would be left at once, and 2 are needed/,
  );
  t.equal(objectToForce(status, d!, online('a', 'b')), null, 'no voter');
  const joint = { configuration: { voters: [a!], outgoing: [a!, b!, c!], learners: [] } };
  t.match(
    objectToForce(joint, c!, online('a', 'c')),
    /1 of 3/,
    'the voters of before count as long as they vote',
  );
});

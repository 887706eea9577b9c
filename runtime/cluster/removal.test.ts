import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { objectToForce } from './removal.ts';

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

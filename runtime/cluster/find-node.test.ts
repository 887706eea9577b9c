import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { findNode } from './find-node.ts';

const node = (id: string, name: string) => ({ id: id as NodeId, name });
const nodes = [
  node('00112233445566aa', 'edge-1'),
  node('0011ffff445566bb', 'edge-2'),
  node('abcdef01445566cc', 'edge-2'),
  node('abcdef02445566dd', 'abcdef01'),
];
const words = { none: 'There is no node', known: 'The nodes are' };

t.test('findNode takes a name, an id and the beginning of an id', async (t) => {
  t.equal(findNode(nodes, 'edge-1', words).id, '00112233445566aa');
  t.equal(findNode(nodes, '0011ffff445566bb', words).name, 'edge-2');
  t.equal(findNode(nodes, '001122', words).name, 'edge-1');
  t.equal(findNode(nodes, 'abcdef01', words).id, 'abcdef02445566dd', 'a name before the beginning of an id');
});

t.test('findNode says which nodes there are when it cannot tell', async (t) => {
  t.throws(() => findNode(nodes, 'edge-9', words), {
    code: 'unknownNode',
    message: /^There is no node "edge-9"\. The nodes are: edge-1 \(00112233445566aa\), /,
  });
  t.throws(() => findNode(nodes, 'edge-2', words), { message: /may be several nodes: give the id/ });
  t.throws(() => findNode(nodes, '0011', words), { message: /may be several nodes/ });
  t.throws(() => findNode(nodes, '00', words), { message: /no node "00"/ }, 'too short to be a beginning');
  t.throws(() => findNode([], 'edge-1', words), { message: /The nodes are: none\./ });
});

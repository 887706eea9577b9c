/** Which of several nodes a person means. */
import { RpcError } from '../peers/rpc.ts';
import type { NodeId } from '../raft/types.ts';

interface Named {
  readonly id: NodeId;
  readonly name: string;
}

/** How the message begins when there is none, and what those that there are, are called. */
export interface Words {
  readonly none: string;
  readonly known: string;
}

/** The node of this name or id, or whose id begins so. Throws `RpcError` that lists those there are. */
export function findNode<Known extends Named>(nodes: readonly Known[], text: string, words: Words): Known {
  const exact = nodes.filter(({ id, name }) => id === text || name === text);
  const found =
    exact.length > 0 ? exact : nodes.filter(({ id }) => /^[0-9a-f]{4,}$/.test(text) && id.startsWith(text));
  if (found.length === 1) return found[0]!;
  const list = nodes.map(({ name, id }) => `${name} (${id})`).join(', ') || 'none';
  const problem =
    found.length === 0 ? `${words.none} "${text}"` : `"${text}" may be several nodes: give the id`;
  throw new RpcError('unknownNode', `${problem}. ${words.known}: ${list}.`);
}

/** `trivet ca`: the cluster's certificate authority, and another in its place. */
import { askAgent } from '../admin/client.ts';
import type { AuthorityAnswer } from '../admin/protocol.ts';
import { usageError } from './command-error.ts';

export interface AuthorityOptions {
  readonly socket: string;
  readonly json: boolean;
}

export async function authorityCommand(operation: string, { socket, json }: AuthorityOptions): Promise<void> {
  if (operation !== 'status' && operation !== 'rotate')
    throw usageError(`ca ${operation}: there is status, rotate.`);
  const answer = (await askAgent(socket, 'ca', { action: operation })) as AuthorityAnswer;
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatAuthority(answer)}\n`);
}

export function formatAuthority({ authority, waitingFor }: AuthorityAnswer): string {
  const lines = [`authority: ${authority}`];
  if (waitingFor === null) lines.push('in force alone: every node has a certificate of it');
  else if (waitingFor.length === 0)
    lines.push('takes over: every node has a certificate of it, and the old one is about to be forgotten');
  else
    lines.push(
      `takes over: waits for ${waitingFor.join(', ')} (switch on those that are off, or remove those that are gone: trivet remove-node)`,
    );
  return lines.join('\n');
}

/** `trivet api-keys`: the keys that encrypt Secrets and sign the tokens of service accounts, and others in the place of the first. */
import { askAgent } from '../admin/client.ts';
import type { ApiKeysAnswer } from '../admin/protocol.ts';
import { usageError } from './command-error.ts';

export interface ApiKeysOptions {
  readonly socket: string;
  readonly json: boolean;
}

export async function apiKeysCommand(operation: string, { socket, json }: ApiKeysOptions): Promise<void> {
  if (operation !== 'status' && operation !== 'rotate')
    throw usageError(`api-keys ${operation}: there is status, rotate.`);
  const answer = (await askAgent(socket, 'api-keys', { action: operation })) as ApiKeysAnswer;
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatApiKeys(answer)}\n`);
}

export function formatApiKeys({ secrets, earlier, waitingFor }: ApiKeysAnswer): string {
  const lines = [`secrets:   encrypted with ${secrets}; ${earlier} earlier kept`];
  if (waitingFor === null) lines.push('in force: what lies under an earlier key is brought under this one');
  else if (waitingFor.length === 0) lines.push('a new key is about to take over: every node knows it');
  else
    lines.push(
      `a new key waits for ${waitingFor.join(', ')} to learn it (switch on those that are off, or remove those that are gone: trivet remove-node)`,
    );
  return lines.join('\n');
}

/** `trivet token`: makes, lists and revokes one-time tokens, from any member. */
import { askAgent } from '../admin/client.ts';
import type { TokensAnswer } from '../admin/protocol.ts';
import { usageError } from './command-error.ts';

export interface TokenOptions {
  readonly socket: string;
  readonly ttl: string;
  readonly role: string;
  readonly json: boolean;
}

export async function tokenCommand(
  operation: string,
  id: string | undefined,
  options: TokenOptions,
): Promise<void> {
  const params = readParams(operation, id, options);
  const answer = (await askAgent(options.socket, 'token', params)) as TokensAnswer;
  process.stdout.write(`${options.json ? JSON.stringify(answer, null, 2) : formatAnswer(answer)}\n`);
}

function readParams(
  operation: string,
  id: string | undefined,
  { ttl, role }: TokenOptions,
): Record<string, unknown> {
  if ((operation === 'revoke') !== (id !== undefined)) {
    if (operation === 'revoke')
      throw usageError('Usage: trivet token revoke ID (trivet token list shows the ids)');
    throw usageError(`Usage: trivet token ${operation}, without "${id}"`);
  }
  switch (operation) {
    case 'create':
      if (role !== 'voter' && role !== 'spare') throw usageError(`--role ${role}: it must be voter or spare`);
      return { action: 'create', ttlSeconds: readTtl(ttl), role };
    case 'list':
      return { action: 'list' };
    case 'revoke':
      return { action: 'revoke', id };
    default:
      throw usageError(`token ${operation}: there is create, list, revoke.`);
  }
}

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of a text such as 90s, 30m, 1h, 7d. Throws a usage error. */
export function readTtl(text: string): number {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * unitSeconds[unit as keyof typeof unitSeconds];
  if (seconds >= 1 && seconds <= 365 * unitSeconds.d) return seconds;
  throw usageError(`--ttl ${text}: it must be a number with s, m, h or d, such as 30m, and a year at most`);
}

/** The new token alone, so that a script can take it; else a line for each. */
export function formatAnswer({ created, tokens }: TokensAnswer): string {
  if (created !== null) return created.token;
  if (tokens.length === 0) return 'There are no tokens.';
  return tokens
    .map(({ id, role, usedBy, expiresInSeconds }) => {
      if (usedBy !== null) return `${id}  ${role}  used by ${usedBy}`;
      const left = expiresInSeconds === 0 ? 'expired' : `for ${formatSeconds(expiresInSeconds)}`;
      return `${id}  ${role}  unused, ${left}`;
    })
    .join('\n');
}

function formatSeconds(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

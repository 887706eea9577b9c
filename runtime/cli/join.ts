/** `trivet join`: makes this machine a member of a cluster by a one-time token, and follows it until it is one. */
import { readFileSync } from 'node:fs';
import { AdminError, askAgent } from '../admin/client.ts';
import type { JoinAnswer } from '../admin/protocol.ts';
import { defaultPeerPort, parseEndpoint } from '../peers/address-book.ts';
import { parseToken } from '../peers/token.ts';
import { usageError } from './command-error.ts';

export interface JoinOptions {
  readonly socket: string;
  /** "-" has it read from the standard input. */
  readonly token: string | undefined;
  /** Seconds. */
  readonly timeout: number;
  readonly json: boolean;
}

const mostAddresses = 16;
const longestSeconds = 3_600;
/** For what the agent does when the time is over. */
const marginMilliseconds = 30_000;

export async function joinCommand(addresses: readonly string[], options: JoinOptions): Promise<void> {
  const { socket, timeout, json } = options;
  const params = { ...readParams(addresses, options), timeoutSeconds: timeout };
  const answer = (await askAgent(socket, 'join', params, {
    timeoutMilliseconds: timeout * 1000 + marginMilliseconds,
    // With --json standard output has the answer alone.
    onEvent: (event) => void (json ? process.stderr : process.stdout).write(`${lineOf(event)}\n`),
  }).catch(refuse)) as JoinAnswer;
  process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatJoined(answer)}\n`);
}

/** The agent knows better than this command what an address may be. */
function refuse(error: unknown): never {
  if (error instanceof AdminError && error.reason === 'invalid') throw usageError(error.message);
  throw error;
}

/** What a person can have typed wrongly. Throws a usage error. */
export function readParams(
  addresses: readonly string[],
  { token: given, timeout }: Pick<JoinOptions, 'token' | 'timeout'>,
): { readonly addresses: readonly string[]; readonly token: string } {
  if (addresses.length === 0)
    throw usageError('Usage: trivet join ADDRESS[:PORT]… --token TOKEN (trivet token create, on a member)');
  if (addresses.length > mostAddresses) throw usageError(`At most ${mostAddresses} addresses can be named.`);
  for (const address of addresses) {
    if (parseEndpoint(address, defaultPeerPort) === null)
      throw usageError(
        `"${address}" is no address of a node: it must be HOST or HOST:PORT, with an IPv6 address in brackets.`,
      );
  }
  if (given === undefined)
    throw usageError('join needs --token TOKEN: make one on a member (trivet token create).');
  if (timeout > longestSeconds) throw usageError(`--timeout must be at most ${longestSeconds}.`);
  const token = given === '-' ? readFileSync(0, 'utf8').trim() : given;
  // It is not shown: it opens a cluster.
  if (parseToken(token) === null)
    throw usageError('--token: it must be a token as "trivet token create" prints it (t1-…).');
  return { addresses, token };
}

function lineOf(event: unknown): string {
  return String((event as { readonly text?: unknown } | null)?.text ?? '');
}

export function formatJoined({ clusterName, clusterId, nodeId, already }: JoinAnswer): string {
  const what = already ? 'is a member of this cluster already' : 'is a member now';
  return `This machine (${nodeId}) ${what}: ${clusterName} (${clusterId}). trivet status shows its place in it.`;
}

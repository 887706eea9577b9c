/**
 * One-time tokens: made by a person on any member, proved by a machine in its TLS handshake, used up by the transaction that
 * puts the machine on the roster. The datastore keeps their keys sealed, and for a day after their end, to be able to say so.
 */
import * as z from 'zod';
import type { TokensAnswer } from '../admin/protocol.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { RpcError } from '../peers/rpc.ts';
import { createToken, formatToken, tokenIdOf, tokenIdPattern, tokenKeys } from '../peers/token.ts';
import { openSealedText, sealText } from './authority.ts';
import { encodeToken, readToken, readTokens, type StoredToken, tokenKey } from './enrolment-records.ts';
import type { MemberContext } from './member-context.ts';
import { readAuthority } from './roster.ts';

const daySeconds = 86_400;
export const mostTokens = 20_000;

export const tokenParams = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('create'),
    ttlSeconds: z
      .int()
      .min(1)
      .max(365 * daySeconds)
      .default(3600),
    role: z.enum(['voter', 'spare']).default('voter'),
  }),
  z.object({ action: z.literal('list') }),
  z.object({
    action: z.literal('revoke'),
    id: z.string().regex(tokenIdPattern, 'must be the 8 digits that trivet token list shows'),
  }),
]);
export type TokenParams = z.infer<typeof tokenParams>;

/** On a voter. Throws `RpcError` or `StoreError`. */
export async function serveTokens(context: MemberContext, params: TokenParams): Promise<TokensAnswer> {
  const view = context.replica.machine.view;
  switch (params.action) {
    case 'create':
      return { ...describe(context), created: await create(context, params) };
    case 'revoke': {
      if (readToken(view, params.id) === null)
        throw new RpcError(
          'unknownToken',
          `There is no token ${params.id}: trivet token list shows those there are.`,
        );
      await context.store.transact({ success: [{ operation: 'delete', key: tokenKey(params.id) }] });
      context.log.warn({ token: params.id }, 'a token was revoked');
      return describe(context);
    }
    case 'list':
      return describe(context);
  }
}

async function create(
  context: MemberContext,
  { ttlSeconds, role }: Extract<TokenParams, { action: 'create' }>,
): Promise<NonNullable<TokensAnswer['created']>> {
  const { sealing, replica, clock, store, log } = context;
  const view = replica.machine.view;
  const authority = sealing.key && readAuthority(view, sealing.key);
  if (!sealing.key || !authority)
    throw new RpcError('notReady', 'This node cannot make tokens yet: it has no copy of the CA. Try again.');
  const stored = readTokens(view);
  if (stored.length >= mostTokens)
    throw new RpcError('tooMany', `There are ${stored.length} tokens: revoke some (trivet token revoke ID).`);
  const token = createToken(authority.certificate);
  const now = clock.now();
  const key = tokenKeys(token).preSharedKey.toString('hex');
  const record: StoredToken = {
    id: token.id,
    sealedKey: Buffer.from(sealText(key, sealing.key)).toString('base64'),
    expiresAt: now + ttlSeconds,
    spareOnly: role === 'spare',
    usedBy: null,
  };
  const over = stored.filter(({ expiresAt }) => expiresAt + daySeconds < now);
  await store.transact({
    success: [
      { operation: 'put', key: tokenKey(token.id), value: encodeToken(record) },
      ...over.slice(0, 100).map(({ id }) => ({ operation: 'delete' as const, key: tokenKey(id) })),
    ],
  });
  log.warn({ token: token.id, ttlSeconds, role }, 'a token was made: it admits one machine');
  return { token: formatToken(token), id: token.id, expiresInSeconds: ttlSeconds };
}

function describe({ replica, clock }: MemberContext): TokensAnswer {
  const now = clock.now();
  return {
    created: null,
    tokens: readTokens(replica.machine.view).map(({ id, expiresAt, spareOnly, usedBy }) => ({
      ...{ id, usedBy, role: spareOnly ? ('spare' as const) : ('voter' as const) },
      expiresInSeconds: Math.max(0, expiresAt - now),
    })),
  };
}

/** The pre-shared key that a connection's identity names; null when it is no token's, or this node cannot unseal it. */
export function findTokenKey(view: StateView, sealingKey: Buffer | null, identity: string): Buffer | null {
  const id = tokenIdOf(identity);
  const found = id === null || sealingKey === null ? null : readToken(view, id);
  if (found === null || sealingKey === null) return null;
  try {
    return Buffer.from(openSealedText(Buffer.from(found.token.sealedKey, 'base64'), sealingKey), 'hex');
  } catch {
    return null;
  }
}

/** Whether any token may still be used: the clock is then kept exactly. */
export function hasLiveTokens(view: StateView, nowSeconds: number): boolean {
  return readTokens(view).some(({ usedBy, expiresAt }) => usedBy === null && expiresAt >= nowSeconds);
}

/** Why the token does not admit this node; null when it does. The same node may come again. */
export function objectToToken(token: StoredToken | null, id: string, nowSeconds: number): string | null {
  if (token === null)
    return 'This token is not known any more: it was revoked. Ask for another (trivet token create).';
  if (token.usedBy === id) return null;
  if (token.usedBy !== null)
    return `This token was used by node ${token.usedBy}, and each admits one machine. Ask for another (trivet token create); if you know nothing of that node: trivet remove-node ${token.usedBy}`;
  if (token.expiresAt < nowSeconds) return 'This token has expired. Ask for another (trivet token create).';
  return null;
}

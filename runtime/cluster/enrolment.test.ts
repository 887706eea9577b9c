import t from 'tap';
import { relaySchema } from './enrolment.ts';

t.test('relaySchema takes an address and the id of a token, and nothing else', async (t) => {
  const takes = (remoteHost: unknown, tokenId: unknown): boolean =>
    relaySchema.safeParse({ remoteHost, tokenId }).success;
  t.ok(takes('192.0.2.1', null));
  t.ok(takes('fe80::1', '0123abcd'));
  t.notOk(takes('192.0.2.1', undefined), 'a token that is not named is not the secret');
  t.notOk(takes('192.0.2.1', 'null'));
  t.notOk(takes('192.0.2.1', '0123abcd/..'));
  t.notOk(takes('', null));
  t.notOk(takes('evil.example', null));
  t.notOk(takes(['192.0.2.1'], null));
});

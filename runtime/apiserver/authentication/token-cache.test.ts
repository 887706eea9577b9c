import t from 'tap';
import type { TokenVerdict } from './token-authenticator.ts';
import { cachedTokens } from './token-cache.ts';

const user = { name: 'a', uid: '', groups: [], extra: {} };

t.test('cachedTokens asks once in ten seconds, and keeps no refusal', async (t) => {
  let verdict: TokenVerdict = { kind: 'user', user, audiences: ['api'] };
  let asked = 0;
  const authenticate = cachedTokens(async () => {
    asked += 1;
    return verdict;
  }, Buffer.alloc(32));
  await Promise.all([authenticate('t', ['api'], 0), authenticate('t', ['api'], 0)]);
  t.equal(asked, 1, 'at the same time');
  verdict = { kind: 'refused', why: 'gone' };
  t.match(await authenticate('t', ['api'], 9_999), { kind: 'user' });
  t.equal(asked, 1);
  t.match(
    await authenticate('t', ['other'], 9_999),
    { kind: 'refused' },
    'for others it is another question',
  );
  t.match(await authenticate('t', ['api'], 10_000), { kind: 'refused' });
  t.match(await authenticate('t', ['api'], 10_001), { kind: 'refused' });
  t.equal(asked, 4);
});

t.test('cachedTokens is bounded, and lives through a lookup that fails', async (t) => {
  let asked = 0;
  const authenticate = cachedTokens(async (token) => {
    asked += 1;
    if (token === 'bad') throw new Error('no store');
    return { kind: 'user', user, audiences: [] };
  }, Buffer.alloc(32));
  for (let number = 0; number < 4_097; number += 1) await authenticate(String(number), [], 0);
  await authenticate('4096', [], 0);
  t.equal(asked, 4_097, 'the newest is there');
  await authenticate('0', [], 0);
  t.equal(asked, 4_098, 'the oldest is not');
  await t.rejects(authenticate('bad', [], 0));
  await t.rejects(authenticate('bad', [], 0));
  t.equal(asked, 4_100);
});

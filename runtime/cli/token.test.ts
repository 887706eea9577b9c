import t from 'tap';
import { formatAnswer, readTtl, tokenCommand } from './token.ts';

/** tap's types want an error of whatever is matched. */
const usage = { exitCode: 2 } as object as Error;

t.test('readTtl takes seconds, minutes, hours and days', async (t) => {
  t.same(['90s', '30m', '1h', '7d'].map(readTtl), [90, 1800, 3600, 604_800]);
  for (const bad of ['', '1', 'h', '0h', '-1h', '1.5h', '1w', '366d', '1h '])
    t.throws(() => readTtl(bad), usage, bad);
});

t.test('tokenCommand says how it is used before it asks anybody', async (t) => {
  const options = { socket: '/nowhere', ttl: '1h', role: 'voter', json: false };
  await t.rejects(tokenCommand('make', undefined, options), { ...usage, message: /create, list, revoke/ });
  await t.rejects(tokenCommand('revoke', undefined, options), { ...usage, message: /revoke ID/ });
  await t.rejects(tokenCommand('list', 'x', options), usage);
  await t.rejects(tokenCommand('create', undefined, { ...options, role: 'king' }), usage);
});

t.test('formatAnswer prints a new token alone, and what became of the others', async (t) => {
  const base = { role: 'voter', usedBy: null, expiresInSeconds: 90 } as const;
  t.equal(formatAnswer({ created: { token: 't1-x', id: 'x', expiresInSeconds: 1 }, tokens: [] }), 't1-x');
  t.equal(
    formatAnswer({
      created: null,
      tokens: [
        { ...base, id: '0000000a' },
        { ...base, id: '0000000b', expiresInSeconds: 0 },
        { ...base, id: '0000000c', role: 'spare', usedBy: 'ffeeddccbbaa0099' },
      ],
    }),
    `0000000a  voter  unused, for 2 min
0000000b  voter  unused, expired
0000000c  spare  used by ffeeddccbbaa0099`,
  );
});

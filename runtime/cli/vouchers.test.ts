import t from 'tap';
import { formatVouchers, vouchersCommand } from './vouchers.ts';

const key = { key: `k1.${'A'.repeat(43)}`, fingerprint: '0123456789abcdef0123456789abcdef' };

t.test('formatVouchers shows each voucher and what became of it', async (t) => {
  const one = { serial: null, usedBy: null, usedByName: null };
  const vouchers = [
    {
      ...one,
      id: '1a2b-3c4d-5e6f',
      name: 'pos-0001',
      state: 'used' as const,
      usedBy: 'aa',
      usedByName: 'n1',
    },
    { ...one, id: '2a2b-3c4d-5e6f', name: 'pos-0002', state: 'never seen' as const },
    { ...one, id: '3a2b-3c4d-5e6f', name: null, state: 'refused' as const },
    { ...one, id: '4a2b-3c4d-5e6f', name: null, state: 'used' as const, usedBy: 'bb' },
  ];
  t.equal(
    formatVouchers({ claimed: '0a1b2c3d', keys: [key], vouchers }),
    [
      'The batch 0a1b2c3d was taken over.',
      '1a2b-3c4d-5e6f  pos-0001  used by n1 (aa)',
      '2a2b-3c4d-5e6f  pos-0002  never seen',
      '3a2b-3c4d-5e6f            refused',
      '4a2b-3c4d-5e6f            used by a node that is gone (bb)',
      'batch key 0123456789abcdef0123456789abcdef: its vouchers admit machines',
    ].join('\n'),
  );
  t.match(formatVouchers({ claimed: null, keys: [], vouchers: [] }), /^No batch is trusted: /);
});

t.test('vouchersCommand says what is wrong before it asks', async (t) => {
  const file = t.testdir({ 'claim.json': '{}' });
  const options = { socket: '/nonexistent.sock', json: false };
  for (const [action, word, message] of [
    ['lose', undefined, /vouchers lose: there is list, refuse, allow, claim/],
    ['refuse', undefined, /Usage: trivet vouchers refuse ID/],
    ['list', 'x', /Usage: trivet vouchers$/],
    ['refuse', 'xyz', /"xyz" is no voucher: its 12 digits/],
  ] as const) {
    await t.rejects(vouchersCommand(action, word, options), { message, exitCode: 2 });
  }
  await t.rejects(vouchersCommand('claim', `${file}/absent.json`, options), {
    message: /absent\.json cannot be read: there is no such file\.$/,
    exitCode: 1,
  });
  await t.rejects(vouchersCommand('claim', `${file}/claim.json`, options), /No agent answers/);
  await t.rejects(vouchersCommand('refuse', '1A2B-3C4D-5E6F', options), /No agent answers/);
});

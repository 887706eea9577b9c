import t from 'tap';
import { authorityCommand, formatAuthority } from './ca.ts';

t.test('formatAuthority says whom a rotation waits for', async (t) => {
  const authority = 'ab'.repeat(16);
  t.match(formatAuthority({ authority, waitingFor: null }), /in force alone/);
  t.match(formatAuthority({ authority, waitingFor: [] }), /about to be forgotten/);
  t.match(
    formatAuthority({ authority, waitingFor: ['edge-1', 'edge-2'] }),
    /waits for edge-1, edge-2 \(switch on/,
  );
});

t.test('authorityCommand knows its operations', async (t) => {
  await t.rejects(authorityCommand('renew', { socket: '/nowhere', json: false }), /there is status, rotate/);
});

import t from 'tap';
import { apiKeysCommand, formatApiKeys } from './api-keys.ts';

t.test('formatApiKeys says whom a new key waits for', async (t) => {
  const answer = { secrets: '0a1b2c3d', earlier: 2 };
  t.match(formatApiKeys({ ...answer, waitingFor: null }), /with 0a1b2c3d; 2 earlier kept\nin force/);
  t.match(formatApiKeys({ ...answer, waitingFor: [] }), /about to take over/);
  t.match(
    formatApiKeys({ ...answer, waitingFor: ['edge-1', 'edge-2'] }),
    /waits for edge-1, edge-2 to learn/,
  );
});

t.test('apiKeysCommand knows its operations', async (t) => {
  await t.rejects(apiKeysCommand('renew', { socket: '/nowhere', json: false }), /there is status, rotate/);
});

import t from 'tap';
import { observeMachine } from './node-observation.ts';

t.test('observeMachine tells what this machine is, and that it runs no containers', async (t) => {
  const member = { id: '0011223344556677', name: 'edge-1', addresses: ['192.0.2.1'], failureDomain: 'rack' };
  const seen = observeMachine(member, t.testdir());
  t.match(seen, {
    ...{ name: 'edge-1', memberId: '0011223344556677', addresses: ['192.0.2.1'], failureDomain: 'rack' },
    ...{ kubeletVersion: /^v1\.32\./, architecture: /^(amd64|arm64)$/, kernelVersion: /^\d+\.\d+/ },
    bootId: /^[0-9a-f-]{36}$/,
  });
  for (const amount of Object.values(seen.capacity)) t.ok(amount > 0);
  t.same(seen.conditions.map(({ type }) => type).sort(), [
    'DiskPressure',
    'MemoryPressure',
    'PIDPressure',
    'Ready',
  ]);
  const ready = seen.conditions.find(({ type }) => type === 'Ready');
  t.match(ready, { holds: false, message: /runs no containers yet/ });
});

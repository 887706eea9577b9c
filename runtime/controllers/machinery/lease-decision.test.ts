import t from 'tap';
import { decideLease, releasedLease } from './lease-decision.ts';

const place = { namespace: 'kube-system', name: 'l' };
const holding = { identity: 'me', leaseSeconds: 8, now: '2026-01-01T00:00:00.000000Z' };
const lease = (holderIdentity: string, more: object = {}) => ({
  ...{ kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: place },
  spec: { holderIdentity, leaseDurationSeconds: 8, leaseTransitions: 3, acquireTime: 'then', ...more },
});

t.test('decideLease takes what nobody holds, and what has not been renewed for long enough', async (t) => {
  t.match(decideLease(place, null, 0, holding), {
    kind: 'create',
    object: { metadata: place, spec: { holderIdentity: 'me', leaseDurationSeconds: 8, leaseTransitions: 0 } },
  });
  for (const [name, holder, unchangedMs, expected] of [
    ['just seen', 'other', 0, { kind: 'wait' }],
    ['still good', 'other', 8000, { kind: 'wait' }],
    [
      'over',
      'other',
      8001,
      { kind: 'update', object: { spec: { holderIdentity: 'me', leaseTransitions: 4 } } },
    ],
    [
      'given up',
      '',
      0,
      { kind: 'update', object: { spec: { leaseTransitions: 4, acquireTime: holding.now } } },
    ],
    ['own', 'me', 0, { kind: 'update', object: { spec: { leaseTransitions: 3, acquireTime: 'then' } } }],
  ] as const) {
    t.match(decideLease(place, lease(holder), unchangedMs, holding), expected, name);
  }
});

t.test('decideLease asks how long the holder wanted it, not how long it would itself', async (t) => {
  const long = lease('other', { leaseDurationSeconds: 15 });
  t.match(decideLease(place, long, 9000, holding), { kind: 'wait' });
});

t.test('releasedLease belongs to nobody', async (t) => {
  const released = releasedLease(lease('me'), holding.now);
  t.match(released, { spec: { holderIdentity: '', leaseTransitions: 3 } });
  t.match(decideLease(place, released, 0, holding), { kind: 'update' });
});

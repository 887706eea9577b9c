import t from 'tap';
import type { SystemStatus } from '../admin/protocol.ts';
import { formatSystem } from './system-lines.ts';

const system: SystemStatus = {
  ...{ name: 'edge', version: '1.2', architecture: 'x86_64', target: 'cloud', keys: 'operator' },
  ...{ slot: 'a', state: 'good', lastUpdate: null, problem: null },
  other: { slot: 'b', state: 'failed', version: '1.3' },
};

t.test('formatSystem says what runs and what the other slot holds', async (t) => {
  t.same(formatSystem(system), ['system:    edge 1.2, slot a, good', 'slot b:    1.3, failed its trial']);
  const empty = { slot: 'b', state: 'empty', version: null } as const;
  t.same(formatSystem({ ...system, keys: 'development', state: 'trial', other: empty }), [
    'system:    edge 1.2, slot a, on trial, development keys',
    'slot b:    empty',
  ]);
});

t.test('formatSystem shows the last update and what could not be read', async (t) => {
  const lines = formatSystem({
    ...system,
    ...{ state: 'unknown', other: null, problem: 'The boot partition cannot be read: EIO' },
    lastUpdate: { ok: false, message: 'The update x was not installed.' },
  });
  t.same(lines, [
    'system:    edge 1.2, slot a, not known whether it has proved itself',
    'update:    The update x was not installed.',
    'problem:   The boot partition cannot be read: EIO',
  ]);
});

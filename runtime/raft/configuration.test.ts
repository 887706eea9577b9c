import * as fc from 'fast-check';
import t from 'tap';
import {
  configurationFault,
  decodeConfiguration,
  encodeConfiguration,
  leaveJoint,
  transitionTo,
} from './configuration.ts';
import { nodeIds, voters } from './testing/network.ts';
import type { Configuration } from './types.ts';

t.test('encodeConfiguration gives these bytes', async (t) => {
  const bytes = encodeConfiguration({ voters: nodeIds('ab'), outgoing: nodeIds('c'), learners: [] });
  t.equal(Buffer.from(bytes).toString('hex'), '01000201610162000101630000');
});

t.test('decodeConfiguration returns what encodeConfiguration was given', async () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{16}$/), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(ids, fc.nat(), fc.nat(), (all, one, two) => {
      const cut = 1 + (one % all.length);
      const configuration = {
        voters: all.slice(0, cut),
        outgoing: all.slice(two % all.length),
        learners: all.slice(cut),
      } as unknown as Configuration;
      const decoded = decodeConfiguration(encodeConfiguration(configuration));
      return JSON.stringify(decoded) === JSON.stringify(configuration);
    }),
  );
});

t.test('decodeConfiguration refuses every shortened, lengthened or foreign encoding', async (t) => {
  const bytes = encodeConfiguration(voters('abc', 'd'));
  for (let length = 0; length < bytes.length; length++)
    t.equal(decodeConfiguration(bytes.subarray(0, length)), null);
  t.equal(decodeConfiguration(Uint8Array.of(...bytes, 0)), null);
  t.equal(decodeConfiguration(Uint8Array.of(2, ...bytes.subarray(1))), null);
});

t.test('decodeConfiguration answers any bytes without throwing', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const decoded = decodeConfiguration(bytes);
      return decoded === null || configurationFault(decoded, true) === null;
    }),
  );
});

t.test('transitionTo is direct for one voter and joint for more (4.1, 4.3)', async (t) => {
  const current = voters('abc', 'd');
  t.same(transitionTo(current, { voters: nodeIds('dcba'), learners: [] }), voters('abcd'));
  t.same(transitionTo(current, { voters: nodeIds('ab'), learners: nodeIds('d') }), voters('ab', 'd'));
  const joint = transitionTo(current, { voters: nodeIds('abd'), learners: nodeIds('c') });
  t.same(joint, { voters: nodeIds('abd'), outgoing: nodeIds('abc'), learners: nodeIds('c') });
  t.same(leaveJoint(joint), voters('abd', 'c'));
});

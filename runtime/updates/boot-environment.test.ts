import t from 'tap';
import { decodeEnvironment, encodeEnvironment } from './boot-environment.ts';

t.test('encodeEnvironment writes what u-boot reads', async (t) => {
  const bytes = Buffer.from(encodeEnvironment({ good: 'a', trial: 'b', id: '7' }));
  t.equal(bytes.length, 512);
  // CRC-32 of the other 508 bytes, as `mkenvimage -s 512` of u-boot-tools writes it.
  t.equal(bytes.toString('latin1', 4, 28), 'good=a\0trial=b\0id=7\0\0\0\0\0');
  t.same(decodeEnvironment(bytes), { good: 'a', trial: 'b', id: '7' });
});

t.test('decodeEnvironment keeps an empty value and refuses damage', async (t) => {
  const bytes = Buffer.from(encodeEnvironment({ good: 'b', trial: '', id: '' }));
  t.same(decodeEnvironment(bytes), { good: 'b', trial: '', id: '' });
  for (const at of [0, 4, 300, 511]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    t.equal(decodeEnvironment(damaged), null, `byte ${at}`);
  }
  t.equal(decodeEnvironment(bytes.subarray(0, 511)), null);
  t.throws(() => encodeEnvironment({ id: 'x'.repeat(510) }), RangeError);
});

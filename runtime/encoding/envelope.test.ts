import fc from 'fast-check';
import t from 'tap';
import { decodeEnvelope, EnvelopeError, encodeEnvelope } from './envelope.ts';

t.test('decodeEnvelope returns what encodeEnvelope took', async (t) => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.uint8Array());
  const value = fc.dictionary(
    fc.string().filter((key) => key !== '$bytes' && key !== '__proto__'),
    fc.oneof(leaf, fc.array(leaf)),
  );
  fc.assert(
    fc.property(value, (input) => t.same(plain(decodeEnvelope(encodeEnvelope(input))), plain(input))),
  );
});

t.test('decodeEnvelope throws EnvelopeError on any bytes that are no envelope', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeEnvelope(bytes);
      } catch (error) {
        t.ok(error instanceof EnvelopeError);
      }
    }),
  );
});

t.test('decodeEnvelope refuses a byte string that reaches past the end', async (t) => {
  const whole = encodeEnvelope({ data: new Uint8Array(10) });
  t.throws(() => decodeEnvelope(whole.subarray(0, whole.length - 1)), { name: 'EnvelopeError' });
});

t.test('decodeEnvelope does not let __proto__ through', async (t) => {
  const json = Buffer.from('{"__proto__":{"polluted":true}}');
  const header = Buffer.alloc(4);
  header.writeUInt32BE(json.length);
  const decoded = decodeEnvelope(Buffer.concat([header, json])) as { polluted?: boolean };
  t.equal(decoded.polluted, undefined);
});

/** Objects without prototype and byte strings compare by content. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v)),
  );
}

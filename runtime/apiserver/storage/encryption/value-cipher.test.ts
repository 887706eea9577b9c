import { createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { isEncrypted, SealedValueError, ValueCipher } from './value-cipher.ts';

const one = { id: '11111111', key: '11'.repeat(32) };
const two = { id: '22222222', key: '22'.repeat(32) };
const place = Buffer.from('/registry/secrets/shop/door');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

t.test('whatever is sealed opens at its place, under any order of the keys, and nowhere else', async (t) => {
  const byFirst = new ValueCipher([one, two]);
  const bySecond = new ValueCipher([two, one]);
  const property = fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.uint8Array({ maxLength: 3000 }),
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    (at, value, elsewhere) => {
      fc.pre(!isEncrypted(value));
      const sealed = byFirst.seal(at, value);
      if (!isEncrypted(sealed) || !byFirst.isCurrent(sealed) || bySecond.isCurrent(sealed)) return false;
      if (Buffer.compare(bySecond.open(at, sealed), value) !== 0) return false;
      if (Buffer.compare(at, elsewhere) === 0) return true;
      t.throws(() => byFirst.open(elsewhere, sealed), SealedValueError);
      return true;
    },
  );
  fc.assert(property, { numRuns: 300 });
});

t.test('a changed bit anywhere is found, and so is a value that was cut', async (t) => {
  const cipher = new ValueCipher([one]);
  const sealed = cipher.seal(place, bytes('{"data":{"password":"aHVudGVyMg=="}}'));
  for (let at = 8; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] as number) ^ 1;
    t.throws(() => cipher.open(place, changed), SealedValueError, `byte ${at}`);
  }
  for (let length = 8; length < sealed.length; length += 1)
    t.throws(() => cipher.open(place, sealed.subarray(0, length)), SealedValueError, `${length} bytes`);
});

t.test('what is not encrypted is read as it is, also when it is short', async (t) => {
  const cipher = new ValueCipher([one]);
  for (const text of ['', 'k', 'k8s:enc', '{"kind":"Secret"}', '/registry/secrets/a/b']) {
    t.notOk(isEncrypted(bytes(text)));
    t.same(cipher.open(place, bytes(text)), bytes(text));
  }
});

t.test('an unknown key and another way of encrypting are named', async (t) => {
  const sealed = new ValueCipher([two]).seal(place, bytes('x'));
  t.throws(() => new ValueCipher([one]).open(place, sealed), { message: /no matching prefix.*22222222/ });
  const other = bytes('k8s:enc:aescbc:v1:key1:0123456789012345678901234567890');
  t.throws(() => new ValueCipher([one]).open(place, other), { message: /no matching prefix found/ });
  t.throws(() => new ValueCipher([]), { message: /no key/ });
});

t.test('the form is that of the real server: prefix with the name, nonce, ciphertext, tag', async (t) => {
  const sealed = Buffer.from(new ValueCipher([one]).seal(place, bytes('{"kind":"Secret"}')));
  const head = 'k8s:enc:aesgcm:v1:11111111:';
  t.equal(sealed.subarray(0, head.length).toString(), head);
  const rest = sealed.subarray(head.length);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(one.key, 'hex'), rest.subarray(0, 12));
  decipher.setAAD(place).setAuthTag(rest.subarray(-16));
  const opened = Buffer.concat([decipher.update(rest.subarray(12, -16)), decipher.final()]);
  t.equal(opened.toString(), '{"kind":"Secret"}');
  t.not(
    Buffer.compare(sealed, new ValueCipher([one]).seal(place, bytes('{"kind":"Secret"}'))),
    0,
    'no two are alike',
  );
});

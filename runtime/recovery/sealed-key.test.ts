/** The recovery key as a file: only its operator opens it, and nobody changes it unnoticed. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { openSealedKey, type Receiver, sealKey } from './sealed-key.ts';

function makeOperator(name: string): Receiver & { readonly privateKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    name,
    key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

const ada = makeOperator('ada');
const bob = makeOperator('bob');
const origin = { machine: 'trivet-7eddd810', volume: '75a4a07d-607d-4f49-9c79-406fcb9c87d2' };
const key = 'cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv';

t.test('openSealedKey gives the key to the operator that it was sealed for', async (t) => {
  const text = sealKey(key, ada, origin);
  t.same(openSealedKey(text, ada.privateKey), { kind: 'opened', key, origin });
  t.notMatch(text, /cbdefghi/, 'it is not there in clear');
  t.not(sealKey(key, ada, origin), text, 'no two are alike');
});

t.test('openSealedKey says for whom it is', async (t) => {
  t.same(openSealedKey(sealKey(key, ada, origin), bob.privateKey), {
    ...{ kind: 'other', operator: 'ada', operatorKey: ada.key },
  });
});

t.test('openSealedKey notices every changed field', async (t) => {
  const file = JSON.parse(sealKey(key, ada, origin)) as Record<string, unknown>;
  const other = JSON.parse(sealKey(key, ada, { ...origin, machine: 'other' })) as Record<string, unknown>;
  for (const field of ['machine', 'volume', 'operator', 'ephemeralKey', 'nonce', 'sealed'] as const) {
    const changed = field === 'volume' || field === 'operator' ? 'x' : other[field];
    const opened = openSealedKey(JSON.stringify({ ...file, [field]: changed }), ada.privateKey);
    t.match(opened, { kind: 'damaged', reason: /was changed/ }, field);
  }
  // Whoever changes the name of the key's owner makes it somebody else's file.
  const renamed = openSealedKey(JSON.stringify({ ...file, operatorKey: bob.key }), ada.privateKey);
  t.equal(renamed.kind, 'other');
  const stolen = openSealedKey(JSON.stringify({ ...file, operatorKey: bob.key }), bob.privateKey);
  t.equal(stolen.kind, 'damaged');
});

t.test('openSealedKey takes anything for data', async (t) => {
  const damaged = (text: string): boolean => openSealedKey(text, ada.privateKey).kind === 'damaged';
  for (const text of ['', 'null', '[]', '{}', '{"format":2}', ' '.repeat(100_000)])
    t.ok(damaged(text), JSON.stringify(text.slice(0, 20)));
  fc.assert(fc.property(fc.string(), damaged));
  fc.assert(fc.property(fc.json(), damaged));
  const whole = JSON.parse(sealKey(key, ada, origin)) as Record<string, string>;
  const fields = ['machine', 'volume', 'operator', 'ephemeralKey', 'nonce', 'sealed'];
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.oneof(fc.string(), fc.base64String()), (field, value) => {
      fc.pre(whole[field] !== value);
      return damaged(JSON.stringify({ ...whole, [field]: value }));
    }),
  );
});

t.test('a file of format 1 stays readable', async (t) => {
  // Made once by this code; a later one must open it, since files like it lie on boot partitions.
  const text = readFileSync(new URL('testing/format-1.json', import.meta.url), 'utf8');
  const golden = JSON.parse(text) as { readonly privateKey: string; readonly file: object };
  t.same(openSealedKey(JSON.stringify(golden.file), golden.privateKey), { kind: 'opened', key, origin });
});

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { operatorsSchema } from './operators-schema.ts';

function publicKey(curve: string): string {
  const pair = generateKeyPairSync('ec', { namedCurve: curve });
  return pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

t.test('operatorsSchema takes names and P-256 keys, each once', async (t) => {
  const [a, b] = [publicKey('prime256v1'), publicKey('prime256v1')];
  const faultOf = (value: unknown): string =>
    operatorsSchema
      .safeParse(value)
      .error?.issues.map(({ message }) => message)
      .join() ?? '';
  t.equal(
    faultOf([
      { name: 'ada@example.net', key: a },
      { name: 'bo', key: b },
    ]),
    '',
  );
  t.match(faultOf([{ name: 'system:masters', key: a }]), /must be 1 to 63/);
  t.match(faultOf([{ name: 'a,O=b', key: a }]), /must be 1 to 63/);
  t.match(faultOf([{ name: 'a', key: `${a.slice(0, -4)}AAA=` }]), /operator\.pub/);
  t.match(faultOf([{ name: 'a', key: `${a}\n` }]), /operator\.pub/);
  t.match(faultOf([{ name: 'a', key: publicKey('secp384r1') }]), /operator\.pub/);
  t.match(
    faultOf([
      { name: 'a', key: a },
      { name: 'a', key: b },
    ]),
    /two operators alike/,
  );
  t.match(
    faultOf([
      { name: 'a', key: a },
      { name: 'b', key: a },
    ]),
    /one key twice/,
  );
});

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { deriveSecretKeys } from '../peers/secret.ts';
import { openFromBackup, sealForBackup } from './backup-keys.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = {
  serviceAccounts: [privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  secrets: [{ id: '0a1b2c3d', key: 'ab'.repeat(32) }],
};
const secret = deriveSecretKeys('shop', 'a secret for tests, long enough');

t.test('the keys come back with the secret of the same cluster, and with nothing else', async (t) => {
  const sealed = sealForBackup(keys, secret);
  t.same(openFromBackup(sealed, secret), keys);
  t.equal(openFromBackup(sealed, deriveSecretKeys('shop', 'another secret, long enough')), null);
  t.equal(openFromBackup(sealed, deriveSecretKeys('depot', 'a secret for tests, long enough')), null);
  const bytes = Buffer.from(sealed, 'base64');
  bytes[40]! ^= 1;
  t.equal(openFromBackup(bytes.toString('base64'), secret), null, 'changed');
  t.equal(openFromBackup('', secret), null);
  t.notMatch(Buffer.from(sealed, 'base64').toString('latin1'), keys.secrets[0]!.key);
  t.not(sealed, sealForBackup(keys, secret));
});

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import {
  operatorFingerprint,
  personalDirectory,
  provideOperatorKey,
  readOperatorKey,
} from './operator-key.ts';

t.test('provideOperatorKey makes a key once, for its owner alone, and takes it from then on', async (t) => {
  const directory = path.join(t.testdir({}), 'new/keys');
  const made = provideOperatorKey(directory);
  t.equal(made.made, true);
  t.equal(statSync(made.file).mode & 0o777, 0o600);
  t.equal(statSync(directory).mode & 0o777, 0o700);
  t.equal(readFileSync(path.join(directory, 'operator.pub'), 'utf8'), `${made.publicKey}\n`);
  t.same(provideOperatorKey(directory), { ...made, made: false });
  t.match(operatorFingerprint(made.publicKey), /^SHA256:[0-9a-f]{64}$/);
});

t.test('readOperatorKey says which file is wrong and what to do', async (t) => {
  const directory = t.testdir({});
  t.throws(() => readOperatorKey(directory), {
    message: /operator\.key cannot be read: there is no such file; trivet build makes it/,
  });
  writeFileSync(path.join(directory, 'operator.key'), 'no key');
  t.throws(() => readOperatorKey(directory), { message: /is not a P-256 key in PEM/ });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path.join(directory, 'operator.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  t.throws(() => provideOperatorKey(directory), { message: /is not a P-256 key in PEM/ });
});

t.test('personalDirectory follows XDG_CONFIG_HOME', async (t) => {
  t.equal(personalDirectory({ XDG_CONFIG_HOME: '/c' }), '/c/trivet');
  t.match(personalDirectory({}), /\/\.config\/trivet$/);
});

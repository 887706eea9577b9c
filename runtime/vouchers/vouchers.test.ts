import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { fingerprintOfKey, formatBatchKey, parseBatchKey } from './batch-key.ts';
import { encodeClaim, encodeManifest, readClaim, readSignedManifest, signManifest } from './manifest.ts';
import {
  isStatementSigned,
  issueVoucher,
  parsePublicVoucher,
  parseVoucher,
  signStatement,
} from './voucher.ts';

const batchKey = generateKeyPairSync('ed25519').privateKey;
const fields = {
  kind: 'device',
  batch: '0a1b2c3d',
  cluster: 'edge',
  name: 'pos-0001',
  serial: null,
} as const;

t.test('issueVoucher makes what parseVoucher reads, and shows nothing secret', async (t) => {
  const made = issueVoucher(batchKey, fields);
  const read = parseVoucher(made.secretText)!;
  t.match(read, { ...fields, id: made.id, batchKey: formatBatchKey(batchKey) });
  t.match(made.id, /^[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}$/);
  t.ok(made.fingerprint.startsWith(made.id.replaceAll('-', '')));
  const secret = made.secretText.split('.').at(-1)!;
  t.notOk(read.text.includes(secret));
  t.match(parsePublicVoucher(read.text), { id: made.id });
  t.not(issueVoucher(batchKey, fields).id, made.id);
});

t.test('parseVoucher refuses any changed character', async (t) => {
  const { secretText } = issueVoucher(batchKey, { ...fields, serial: 'SN 17' });
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  fc.assert(
    fc.property(
      fc.nat(secretText.length - 1),
      fc.constantFrom(...alphabet),
      fc.constantFrom('replace', 'insert', 'remove'),
      (at, character, how) => {
        const rest = secretText.slice(how === 'insert' ? at : at + 1);
        const changed = secretText.slice(0, at) + (how === 'remove' ? '' : character) + rest;
        return changed === secretText || parseVoucher(changed) === null;
      },
    ),
    { numRuns: 3_000 },
  );
  t.pass();
});

t.test('parsePublicVoucher takes any text without throwing', async () => {
  fc.assert(fc.property(fc.string(), (text) => parsePublicVoucher(text) === null));
  const parts = fc.array(fc.base64String(), { maxLength: 4 });
  fc.assert(fc.property(parts, (some) => parseVoucher(['v1', ...some].join('.')) === null));
});

t.test('a voucher signed by another key than it names is none', async (t) => {
  const other = generateKeyPairSync('ed25519').privateKey;
  const [mine, theirs] = [issueVoucher(batchKey, fields), issueVoucher(other, fields)];
  const [, payload] = mine.secretText.split('.');
  const [, , signature, secret] = theirs.secretText.split('.');
  t.equal(parseVoucher(`v1.${payload}.${signature}.${secret}`), null);
  const [, own, signed] = mine.secretText.split('.');
  t.equal(parseVoucher(`v1.${own}.${signed}.${secret}`), null, 'with the private key of another');
});

t.test('a statement is signed by one voucher for one purpose', async (t) => {
  const [voucher, other] = [issueVoucher(batchKey, fields), issueVoucher(batchKey, fields)];
  const signature = signStatement(voucher, ['enrol', 'edge', 'ab']);
  t.ok(isStatementSigned(voucher, ['enrol', 'edge', 'ab'], signature));
  t.notOk(isStatementSigned(other, ['enrol', 'edge', 'ab'], signature));
  t.notOk(isStatementSigned(voucher, ['enrol', 'edgea', 'b'], signature));
  t.notOk(isStatementSigned(voucher, ['found', 'edge', 'ab'], signature));
  t.notOk(isStatementSigned(voucher, ['enrol', 'edge', 'ab'], ''));
});

t.test('a batch key has one text', async (t) => {
  const text = formatBatchKey(batchKey);
  t.equal(formatBatchKey(parseBatchKey(text)!), text);
  t.equal(parseBatchKey(`${text}A`), null);
  t.match(fingerprintOfKey(text), /^[0-9a-f]{32}$/);
});

t.test('readClaim refuses what was changed, and a claim with the voucher of a device', async (t) => {
  const device = issueVoucher(batchKey, fields);
  const { id, name, serial, fingerprint } = device;
  const text = encodeManifest({
    ...{ format: 1, batch: fields.batch, cluster: fields.cluster, key: formatBatchKey(batchKey) },
    ...{ created: '2026-01-02T03:04:05Z', devices: [{ id, name, serial, fingerprint }] },
  });
  const signature = signManifest(text, batchKey);
  const voucher = issueVoucher(batchKey, { ...fields, kind: 'claim', name: null });
  const claim = encodeClaim(text, signature, voucher.secretText);
  t.match(readClaim(claim), { manifest: { cluster: 'edge', devices: [{ id }] }, voucher: { kind: 'claim' } });
  t.match(readSignedManifest(text.replace('pos-0001', 'pos-0002'), signature), { fault: /it was changed/ });
  t.match(readClaim(claim.replace('pos-0001', 'pos-0002')), { fault: /it was changed/ });
  t.match(readClaim(encodeClaim(text, signature, device.secretText)), { fault: /of another batch/ });
  t.match(readClaim('{}'), { fault: /not the claim of a batch/ });
  fc.assert(
    fc.property(fc.nat(claim.length - 2), fc.constantFrom(...'aZ09{":\\-'), (at, character) => {
      const changed = claim.slice(0, at) + character + claim.slice(at + 1);
      const read = readClaim(changed);
      // White space and escapes of JSON aside, which mean the same.
      return changed === claim || 'fault' in read || JSON.stringify(JSON.parse(changed)) === claim.trim();
    }),
    { numRuns: 500 },
  );
});

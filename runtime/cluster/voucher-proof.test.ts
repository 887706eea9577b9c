import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { strangerFrameLimitBytes } from '../peers/frames.ts';
import { nodeIdOf } from '../peers/trust.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { issueVoucher } from '../vouchers/voucher.ts';
import { createCertificateAuthority } from './certificates.ts';
import { helloSchema } from './enrolment.ts';
import {
  createCharter,
  objectToCharter,
  objectToVoucher,
  proveVoucher,
  readProof,
  signAuthorities,
  signCharter,
} from './voucher-proof.ts';

const batch = generateKeyPairSync('ed25519').privateKey;
const other = generateKeyPairSync('ed25519').privateKey;
const keys = [formatBatchKey(batch)];
const fields = { kind: 'device', batch: '0a1b2c3d', cluster: 'edge', name: null, serial: null } as const;
const voucher = issueVoucher(batch, fields);

function nodeKey(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

t.test('readProof takes a proof for its own node, cluster and kind alone', async (t) => {
  const [mine, yours] = [nodeKey(), nodeKey()];
  const proof = proveVoucher(voucher, 'edge', mine);
  t.match(readProof(proof, 'edge', nodeIdOf(mine)), { id: voucher.id });
  t.equal(readProof(proof, 'edge', nodeIdOf(yours)), null);
  t.equal(readProof({ ...proof, publicKey: yours }, 'edge', nodeIdOf(yours)), null);
  t.equal(readProof(proof, 'shop', nodeIdOf(mine)), null);
  const claim = issueVoucher(batch, { ...fields, kind: 'claim' });
  t.equal(
    readProof(proveVoucher(claim, 'edge', mine), 'edge', nodeIdOf(mine)),
    null,
    'a claim admits nobody',
  );
});

t.test('readProof and objectToCharter take whatever a stranger sends', async (t) => {
  const mine = nodeKey();
  const proof = proveVoucher(voucher, 'edge', mine);
  const text = fc.oneof(fc.string(), fc.constantFrom(...Object.values(proof)));
  fc.assert(
    fc.property(fc.record({ publicKey: text, voucher: text, signature: text }), (sent) => {
      const read = readProof(sent, 'edge', nodeIdOf(mine));
      return JSON.stringify(sent) === JSON.stringify(proof) ? read !== null : read === null;
    }),
  );
  const cluster = { name: 'edge', id: '0'.repeat(16), bundle: null };
  const word = fc.oneof(text, fc.base64String());
  const signatures = fc.array(fc.record({ voucher: text, signature: word }));
  const authorities = fc.array(fc.record({ hash: fc.string(), signature: word }));
  fc.assert(
    fc.property(fc.record({ key: word, signatures, authorities }), (charter) => {
      return objectToCharter(charter, cluster, keys) !== null;
    }),
  );
  t.pass();
});

t.test('objectToVoucher says what a voucher is not for', async (t) => {
  const here = { clusterName: 'edge', keys, serial: null };
  t.equal(objectToVoucher(voucher, here), null);
  t.match(objectToVoucher(voucher, { ...here, clusterName: 'shop' }), /for the cluster "edge".*"shop"/);
  t.match(
    objectToVoucher(voucher, { ...here, keys: [formatBatchKey(other)] }),
    /of another batch \(key [0-9a-f]{32}\)/,
  );
  const bound = issueVoucher(batch, { ...fields, serial: 'SN 1' });
  t.equal(objectToVoucher(bound, { ...here, serial: 'SN 1' }), null);
  t.match(objectToVoucher(bound, { ...here, serial: 'SN 2' }), /serial number SN 1, and it has SN 2/);
  t.match(objectToVoucher(bound, here), /and it has none/);
});

const id = '00112233aabbccdd';

async function makeAuthority(): Promise<string> {
  return (await createCertificateAuthority('edge', id)).certificate;
}

t.test('objectToCharter demands a voucher of a trusted batch, over this very cluster and CA', async (t) => {
  const bundle = await makeAuthority();
  const cluster = { name: 'edge', id, bundle };
  const { charter: bare } = createCharter(cluster);
  const charter = signCharter(bare, voucher, cluster);
  t.equal(objectToCharter(charter, cluster, keys), null);
  t.equal(objectToCharter(charter, { ...cluster, bundle: null }, keys), null);
  t.match(objectToCharter(null, cluster, keys), /does not show that a machine with a voucher/);
  t.match(objectToCharter(bare, cluster, keys), /does not show/);
  t.match(objectToCharter(charter, { ...cluster, id: 'f'.repeat(16) }, keys), /does not show/);
  t.match(objectToCharter(charter, cluster, [formatBatchKey(other)]), /by a machine of another batch/);
  t.match(
    objectToCharter(charter, cluster, keys, () => false),
    /does not show/,
  );
  // The charter of the true cluster, with the CA of somebody who has seen it.
  const thief = await makeAuthority();
  t.match(
    objectToCharter(charter, { ...cluster, bundle: thief }, keys),
    /a CA that its charter does not name/,
  );
  t.match(objectToCharter(charter, { ...cluster, bundle: bundle + thief }, keys), /does not name/);
  const { charter: own } = createCharter({ ...cluster, bundle: thief });
  const mixed = { ...charter, authorities: own.authorities };
  t.match(objectToCharter(mixed, { ...cluster, bundle: thief }, keys), /does not name/);
  t.match(objectToCharter({ ...charter, key: own.key }, cluster, keys), /does not show/);
});

t.test('a charter goes over to the CA that follows, and to other batches', async (t) => {
  const [first, second] = [await makeAuthority(), await makeAuthority()];
  const cluster = { name: 'edge', id, bundle: first };
  const own = createCharter(cluster);
  const founding = signCharter(own.charter, voucher, cluster);
  const rotating = signAuthorities(founding, own.privateKey, { ...cluster, bundle: second + first });
  const [before, between, after] = [first, second + first, second].map((bundle) => ({ ...cluster, bundle }));
  t.match(objectToCharter(founding, after!, keys), /does not name/);
  for (const each of [before!, between!, after!]) t.equal(objectToCharter(rotating, each, keys), null);
  const claim = issueVoucher(other, { ...fields, kind: 'claim' });
  const claimed = signCharter(rotating, claim, cluster);
  t.equal(objectToCharter(claimed, after!, [formatBatchKey(other)]), null);
  t.equal(objectToCharter(claimed, after!, keys), null);
  t.equal(signCharter(claimed, claim, cluster).signatures.length, 2, 'a claim counts once');
});

t.test('the longest charter and list of machines fit into a greeting', async (t) => {
  const cluster = { name: 'e'.repeat(63), id, bundle: (await makeAuthority()) + (await makeAuthority()) };
  let { charter } = createCharter(cluster);
  for (let i = 0; i < 16; i += 1) {
    const long = { ...fields, cluster: cluster.name, name: 'n'.repeat(63), serial: 's'.repeat(64) };
    charter = signCharter(charter, issueVoucher(batch, long), cluster);
  }
  const hello = {
    ...{ id: '0'.repeat(16), name: 'n'.repeat(63), port: 7443, clusterId: id, charter },
    blanks: Array.from({ length: 1000 }, () => '0'.repeat(16)),
  };
  t.ok(JSON.stringify(helloSchema.parse(hello)).length < strangerFrameLimitBytes);
  t.match(charter, { signatures: { length: 16 }, authorities: { length: 2 } });
});

import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { nodeIdOf } from '../peers/trust.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { issueVoucher } from '../vouchers/voucher.ts';
import { bundleOf } from './authority.ts';
import { createCertificateAuthority, issueCrossCertificate } from './certificates.ts';
import { helloSchema } from './enrolment.ts';
import {
  extendCharter,
  foundingCharter,
  objectToCharter,
  objectToVoucher,
  proveVoucher,
  readProof,
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
  const authority = await createCertificateAuthority('edge', '0'.repeat(16));
  const cluster = { name: 'edge', id: '0'.repeat(16), bundle: null };
  const pem = fc.oneof(fc.string(), fc.constant(authority.certificate));
  const link = fc.record({ certificate: pem, cross: pem });
  const signature = fc.record({ voucher: text, authority: fc.string(), signature: text });
  fc.assert(
    fc.property(pem, fc.array(link), fc.array(signature), (anchor, links, signatures) => {
      return objectToCharter({ anchor, links, signatures }, cluster, keys) !== null;
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

t.test('objectToCharter demands a voucher of a trusted batch, over this very cluster and CA', async (t) => {
  const id = '00112233aabbccdd';
  const authority = await createCertificateAuthority('edge', id);
  const bundle = authority.certificate;
  const cluster = { name: 'edge', id, bundle };
  const founded = { name: 'edge', id, caCertificate: bundle };
  const charter = foundingCharter(voucher, founded);
  t.equal(objectToCharter(charter, cluster, keys), null);
  t.equal(objectToCharter(charter, { ...cluster, bundle: null }, keys), null);
  t.match(objectToCharter(null, cluster, keys), /does not show that a machine with a voucher/);
  t.match(objectToCharter(foundingCharter(null, founded), cluster, keys), /does not show/);
  t.match(objectToCharter(charter, { ...cluster, id: 'f'.repeat(16) }, keys), /does not show/);
  t.match(objectToCharter(charter, cluster, [formatBatchKey(other)]), /by a machine of another batch/);
  t.match(
    objectToCharter(charter, cluster, keys, () => false),
    /does not show/,
  );
  // The charter of the true cluster, with the CA of somebody who has seen it.
  const thief = await createCertificateAuthority('edge', id);
  t.match(objectToCharter(charter, { ...cluster, bundle: thief.certificate }, keys), /does not follow/);
  t.match(
    objectToCharter(charter, { ...cluster, bundle: bundle + thief.certificate }, keys),
    /does not follow/,
  );
  t.match(objectToCharter({ ...charter, anchor: thief.certificate }, cluster, keys), /does not show/);
});

t.test(
  'objectToCharter follows from one CA to the next, and only where the one before says so',
  async (t) => {
    const id = '00112233aabbccdd';
    const [first, second, thief] = [
      await createCertificateAuthority('edge', id),
      await createCertificateAuthority('edge', id),
      await createCertificateAuthority('edge', id),
    ];
    const cross = await issueCrossCertificate(first, second);
    const founding = foundingCharter(voucher, { name: 'edge', id, caCertificate: first.certificate });
    const extended = extendCharter(founding, second.certificate, cross);
    const at = (bundle: string) => ({ name: 'edge', id, bundle });
    t.equal(objectToCharter(extended, at(second.certificate), keys), null);
    t.equal(
      objectToCharter(
        extended,
        at(bundleOf({ certificate: second.certificate, previous: first.certificate })),
        keys,
      ),
      null,
    );
    t.match(objectToCharter(founding, at(second.certificate), keys), /does not follow/);
    const forged = await issueCrossCertificate(thief, second);
    t.match(
      objectToCharter(extendCharter(founding, second.certificate, forged), at(second.certificate), keys),
      /does not follow/,
    );
    const swapped = extendCharter(founding, thief.certificate, cross);
    t.match(objectToCharter(swapped, at(thief.certificate), keys), /does not follow/);
    // Whoever signs for the second trusts nothing before it.
    const later = signCharter(
      { ...extended, signatures: [] },
      issueVoucher(batch, { ...fields, kind: 'claim' }),
      { name: 'edge', id, caCertificate: second.certificate },
    );
    t.equal(objectToCharter(later, at(second.certificate), keys), null);
    t.match(objectToCharter(later, at(first.certificate), keys), /does not follow/);
  },
);

t.test('the longest charter and list of machines fit into a greeting', async (t) => {
  const id = '00112233aabbccdd';
  const old = await createCertificateAuthority('edge', id);
  const next = await createCertificateAuthority('edge', id);
  const cross = await issueCrossCertificate(old, next);
  const founded = { name: 'e'.repeat(63), id, caCertificate: old.certificate };
  let charter = foundingCharter(voucher, founded);
  for (let i = 0; i < 40; i += 1) charter = extendCharter(charter, next.certificate, cross);
  for (let i = 0; i < 15; i += 1) {
    const long = { ...fields, cluster: 'e'.repeat(63), name: 'n'.repeat(63), serial: 's'.repeat(64) };
    charter = signCharter(charter, issueVoucher(batch, long), founded);
  }
  const hello = {
    ...{ id: '0'.repeat(16), name: 'n', port: 7443, clusterId: id, charter },
    blanks: Array.from({ length: 1000 }, () => '0'.repeat(16)),
  };
  t.ok(JSON.stringify(helloSchema.parse(hello)).length < 64 * 1024);
  t.equal(charter.links.length, 16);
});

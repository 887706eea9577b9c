import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { nodeIdOf } from '../peers/trust.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { issueVoucher, type Voucher } from '../vouchers/voucher.ts';
import { createCertificateAuthority, issueNodeCertificate } from './certificates.ts';
import { enrolAnswerSchema, helloSchema } from './enrolment.ts';
import type { Identity } from './identity.ts';
import { Strangers } from './strangers.ts';
import { VoucherGuard } from './voucher-guard.ts';
import { createCharter, proveVoucher, signCharter } from './voucher-proof.ts';

const batch = generateKeyPairSync('ed25519').privateKey;
const other = generateKeyPairSync('ed25519').privateKey;
const keys = [formatBatchKey(batch)];
const clusterId = '00112233aabbccdd';

function issue(key = batch, cluster = 'edge') {
  return issueVoucher(key, { kind: 'device', batch: '0a1b2c3d', cluster, name: null, serial: null });
}

function makeIdentity(): Identity {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const privateKey = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { id: nodeIdOf(publicKey), name: 'node', privateKey, publicKey };
}

const identity = makeIdentity();

function guard(more: object = {}): VoucherGuard {
  const voucher = issue().secretText;
  return new VoucherGuard({ ...{ clusterName: 'edge', identity, voucher, keys, serial: null }, ...more });
}

function blank(peer: Identity, voucher: Voucher | null) {
  const proof = voucher && proveVoucher(voucher, 'edge', peer.publicKey);
  return helloSchema.parse({ id: peer.id, name: 'peer', port: 7443, clusterId: null, blanks: [], proof });
}

t.test('VoucherGuard lets only a machine with a voucher that is good begin a cluster', async (t) => {
  t.equal(guard().objection, null);
  t.equal(guard({ voucher: undefined, keys: [] }).objection, null, 'where none is demanded');
  t.match(guard({ voucher: undefined }).objection, /has no voucher/);
  t.match(
    guard({ voucher: issue(other).secretText }).objection,
    /because the voucher \S+ .* of another batch/,
  );
  t.match(guard({ voucher: issue(batch, 'shop').secretText }).objection, /for the cluster "shop"/);
  const damaged = issue().secretText.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  t.match(guard({ voucher: damaged }).objection, /is damaged/);
  t.match(guard({ voucher: damaged, keys: [] }).objection, /is damaged/);
});

t.test('VoucherGuard counts blank machines that show a voucher of their own', async (t) => {
  const [peer, thief] = [makeIdentity(), makeIdentity()];
  const own = guard();
  t.equal(own.objectTo(blank(peer, issue())), null);
  t.equal(own.objectTo(blank(peer, null)), 'shows no voucher');
  t.match(own.objectTo(blank(peer, issue(other))), /of another batch/);
  const stolen = { ...blank(thief, null), proof: blank(peer, issue()).proof };
  t.equal(own.objectTo(stolen), 'shows no voucher', 'the proof of another node is none');
  t.equal(guard({ keys: [] }).objectTo(blank(peer, null)), null);
});

t.test('VoucherGuard joins a cluster by its charter, and takes no CA or certificate beside it', async (t) => {
  const authority = await createCertificateAuthority('edge', clusterId);
  const thief = await createCertificateAuthority('edge', clusterId);
  const cluster = { name: 'edge', id: clusterId, bundle: authority.certificate };
  const charter = signCharter(createCharter(cluster).charter, issue(), cluster);
  const own = guard();
  const member = { ...blank(makeIdentity(), null), clusterId, charter };
  t.equal(own.objectTo(member), null);
  t.match(own.objectTo({ ...member, charter: null }), /does not show/);
  t.match(own.objectTo({ ...member, clusterId: 'f'.repeat(16) }), /does not show/);
  const certify = (ca: typeof authority, node: Identity) =>
    issueNodeCertificate(ca, { clusterId, nodeId: node.id }, node.publicKey, 0);
  const answer = enrolAnswerSchema.parse({
    ...{ clusterId, charter, caCertificate: authority.certificate, members: [] },
    certificate: await certify(authority, identity),
  });
  t.equal(own.objectToAnswer(answer), null);
  const objections = [
    own.objectToAnswer({ ...answer, charter: null }),
    own.objectToAnswer({ ...answer, caCertificate: thief.certificate }),
    own.objectToAnswer({ ...answer, caCertificate: authority.certificate + thief.certificate }),
    own.objectToAnswer({ ...answer, caCertificate: '' }),
    own.objectToAnswer({ ...answer, certificate: 'none' }),
    own.objectToAnswer({ ...answer, certificate: await certify(thief, identity) }),
    own.objectToAnswer({ ...answer, certificate: await certify(authority, makeIdentity()) }),
  ];
  t.match(objections, [
    /not show/,
    /not name/,
    /not name/,
    /a certificate/,
    /a certificate/,
    /a certificate/,
    /a certificate/,
  ]);
  t.equal(guard({ keys: [] }).objectToAnswer({ ...answer, charter: null }), null);
});

t.test('VoucherGuard follows a successor that one of the members has begun', async (t) => {
  const cluster = { name: 'edge', id: clusterId, bundle: '' };
  const [mine, stolen] = [issue(), issue()];
  const isOfMember = (id: string): boolean => id === mine.id;
  const begunBy = (voucher: Voucher) => signCharter(createCharter(cluster).charter, voucher, cluster);
  t.ok(guard().mayFollow(clusterId, begunBy(mine), isOfMember));
  t.notOk(guard().mayFollow(clusterId, begunBy(stolen), isOfMember));
  // With the word of a member for another cluster beside it.
  const { signatures } = begunBy(mine);
  const mixed = begunBy(stolen);
  const both = { ...mixed, signatures: [...mixed.signatures, ...signatures] };
  t.notOk(guard().mayFollow(clusterId, both, isOfMember));
  t.ok(guard({ keys: [] }).mayFollow(clusterId, null, isOfMember));
});

t.test('Strangers says who does not count, for as long as it is there', async (t) => {
  const strangers = new Strangers();
  const [a, b, c] = [makeIdentity(), makeIdentity(), makeIdentity()].map((peer) => blank(peer, null));
  strangers.hear(a!, '192.0.2.1:7443', 'shows no voucher', 0);
  strangers.hear({ ...b!, clusterId }, '192.0.2.2:7443', 'does not show its charter', 0);
  strangers.hear(c!, '192.0.2.3:7443', 'shows no voucher', 0);
  t.same(strangers.sentences(1_000), [
    `The cluster ${clusterId} at 192.0.2.2:7443 does not count: it does not show its charter.`,
    'The machine peer at 192.0.2.1:7443 does not count: it shows no voucher.',
  ]);
  strangers.hear({ ...b!, clusterId }, '192.0.2.2:7443', null, 1_000);
  t.equal(strangers.sentences(1_000).length, 2);
  t.same(strangers.sentences(9_000), []);
  for (let i = 0; i < 200; i += 1)
    strangers.hear({ ...a!, id: `${i}`.padStart(16, '0') as typeof identity.id }, `${i}`, 'is many', 10_000);
  t.equal(strangers.sentences(10_000).length, 2);
});

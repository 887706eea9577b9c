import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import t from 'tap';
import {
  createCertificateAuthority,
  createSelfSigned,
  issueCrossCertificate,
  issueOperatorCertificate,
} from '../cluster/certificates.ts';
import { makeCredentials } from '../cluster/testing/make-credentials.ts';
import { authorityFingerprint, followAuthority, judgeServer } from './judge-server.ts';
import type { KnownCluster } from './known-clusters.ts';
import { type Meeting, recognize } from './recognize.ts';

const clusterId = '00112233aabbccdd';
const create = () => createCertificateAuthority('shop', clusterId);
type Authority = Awaited<ReturnType<typeof create>>;
const leafOf = async (authority: Authority): Promise<X509Certificate> =>
  new X509Certificate((await makeCredentials(authority, clusterId)).certificate);

t.test('judgeServer tells a machine that proves only its key from a member, and from nonsense', async (t) => {
  const [ours, other] = [await create(), await create()];
  const leaf = await leafOf(ours);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const alone = new X509Certificate(
    await createSelfSigned(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), 'n'),
  );
  t.same(judgeServer(alone, { ca: '' }), { kind: 'blank' });
  t.same(judgeServer(leaf, { ca: ours.certificate }), { kind: 'member', ca: ours.certificate });
  const changing = { ca: other.certificate + ours.certificate };
  t.same(judgeServer(leaf, changing), { kind: 'member', ...changing }, 'a leaf of the CA before');
  t.equal(judgeServer(leaf, { ca: '' }).kind, 'refused');
  t.equal(judgeServer(leaf, { ca: other.certificate }).kind, 'refused');
  t.equal(judgeServer(alone, { ca: alone.toString() }).kind, 'refused', 'it is no CA of itself');
  const torn = ours.certificate.replace(/[A-Za-z0-9]{8}\n/, '\n');
  t.equal(judgeServer(leaf, { ca: torn }).kind, 'refused');
});

t.test('followAuthority follows every change of CAs, and only by the word of the one before', async (t) => {
  const [a, b, c] = [await create(), await create(), await create()];
  const [ab, bc] = [await issueCrossCertificate(a, b), await issueCrossCertificate(b, c)];
  const leaf = await leafOf(c);
  const ca = c.certificate;
  t.equal(followAuthority(leaf, { ca, history: '' }, c.certificate), c.certificate);
  t.equal(followAuthority(leaf, { ca, history: ab + bc }, a.certificate), c.certificate, 'over two changes');
  t.equal(followAuthority(leaf, { ca, history: bc + ab }, a.certificate), c.certificate, 'in any order');
  t.equal(followAuthority(leaf, { ca, history: bc }, a.certificate), null, 'a word is missing');
  t.equal(followAuthority(leaf, { ca, history: ab }, a.certificate), null);
  t.equal(followAuthority(leaf, { ca, history: ab + bc }, (await create()).certificate), null);
  const both = c.certificate + b.certificate;
  t.equal(followAuthority(leaf, { ca: both, history: ab + bc }, a.certificate), both, 'while one takes over');
  t.equal(
    followAuthority(await leafOf(b), { ca: b.certificate, history: ab }, both),
    b.certificate,
    'who is late',
  );
  // What is no CA speaks for nobody: a node's certificate, and an operator's.
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const thief = {
    ...c,
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const client = await issueOperatorCertificate(a, { clusterId, name: 'ada', publicKey }, 0);
  const forged = await leafOf(thief);
  t.equal(followAuthority(forged, { ca, history: client }, a.certificate), null);
  // The CA that is pinned afterwards is one that was vouched for, whatever else is shown.
  t.equal(
    followAuthority(leaf, { ca: (await create()).certificate, history: ab + bc }, a.certificate),
    a.certificate,
  );
});

t.test('recognize pins a CA at first use and refuses another one of that name or address', async (t) => {
  const [ours, other] = [await create(), await create()];
  const fileOf = (name: string): string => `/k/${name}.json`;
  const meet = async (authority: Authority, server: string, cluster: string | null): Promise<Meeting> => ({
    ...{ server, cluster, leaf: await leafOf(authority), ca: authority.certificate },
    claims: { ca: authority.certificate, history: '', clusterName: 'shop', clusterId },
  });
  const first = recognize(await meet(ours, 'a:7443', null), [], fileOf);
  t.match(first, { kind: 'first', cluster: { name: 'shop', ca: ours.certificate, servers: ['a:7443'] } });
  if (first.kind !== 'first') return;
  const known: KnownCluster[] = [{ ...first.cluster, file: fileOf('shop') }];
  t.match(recognize(await meet(ours, 'a:7443', 'shop'), known, fileOf), { kind: 'known', isChanged: false });
  t.match(recognize(await meet(ours, 'b:7443', null), known, fileOf), {
    ...{ kind: 'known', isChanged: true, cluster: { servers: ['a:7443', 'b:7443'] } },
  });
  const pinned = authorityFingerprint(ours.certificate);
  const reasonOf = async (meeting: Meeting): Promise<string> => {
    const outcome = recognize(meeting, known, fileOf);
    return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
  };
  t.match(await reasonOf(await meet(other, 'c:7443', null)), `shop is known by the CA SHA256:${pinned}`);
  t.match(await reasonOf(await meet(other, 'c:7443', null)), 'remove /k/shop.json');
  t.match(
    await reasonOf(await meet(other, 'a:7443', 'site-b')),
    'at this address the cluster shop was met before',
  );
  t.match(
    await reasonOf(await meet(ours, 'a:7443', 'site-b')),
    'known here as shop (/k/shop.json), not site-b',
  );
  t.equal(await reasonOf(await meet(other, 'c:7443', 'site-b')), 'first', 'another cluster of that name');
});

import type { X509Certificate } from 'node:crypto';
import t from 'tap';
import { checkCertificate, userOfCertificate } from './client-certificate.ts';
import { clientUsage, makeAuthority, serverUsage } from './testing/certificates.ts';

const nowMs = Date.now();
const day = 24 * 60 * 60 * 1_000;
function check(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): string | null {
  return checkCertificate(chain, { authorities }, nowMs);
}
const unknown = 'x509: certificate signed by unknown authority';

t.test('checkCertificate follows a chain to an authority', async (t) => {
  const [root, second, stranger] = await Promise.all(['CN=root', 'CN=second', 'CN=root'].map(makeAuthority));
  if (root === undefined || second === undefined || stranger === undefined) throw new Error('no authority');
  const trusted = [root.certificate, second.certificate];
  const between = await root.issue('CN=between', { isAuthority: true });
  const leaf = await between.issue('CN=jane', { usages: [clientUsage] });
  const direct = await second.issue('CN=jane');
  const faked = await direct.issue('CN=root-user', { usages: [clientUsage] });
  const foreign = await stranger.issue('CN=jane');
  const judge = (...chain: readonly (typeof leaf)[]): string | null =>
    check(
      chain.map(({ certificate }) => certificate),
      trusted,
    );
  t.equal(judge(leaf, between), null, 'one between');
  t.equal(judge(leaf, stranger, between), null, 'in any order');
  t.equal(judge(direct), null, 'another authority');
  t.equal(judge(leaf), unknown, 'without the one between');
  t.equal(judge(foreign), unknown, 'an authority of the same name');
  t.equal(judge(foreign, stranger), unknown, 'one that brings its authority');
  t.equal(judge(faked, direct), unknown, 'whom only a client vouches for');
  t.equal(judge(), 'x509: no certificate');
  const refuses = (): string => 'taken off';
  const refused = checkCertificate([direct.certificate], { authorities: trusted, refuses }, nowMs);
  t.equal(refused, 'taken off');
  t.equal(check([direct.certificate], []), unknown);
});

t.test('checkCertificate comes to an end where certificates vouch for one another', async (t) => {
  const authority = await makeAuthority('CN=root');
  const same = await makeAuthority('CN=loop');
  const loops = await Promise.all(
    Array.from({ length: 20 }, () => same.issue('CN=loop', { isAuthority: true })),
  );
  const leaf = await same.issue('CN=jane');
  const chain = [leaf, same, ...loops].map(({ certificate }) => certificate);
  t.equal(check(chain, [authority.certificate]), unknown);
});

t.test('checkCertificate looks at dates and uses', async (t) => {
  const root = await makeAuthority('CN=root');
  const trusted = [root.certificate];
  const old = await root.issue('CN=a', {
    validFrom: new Date(nowMs - 3 * day),
    validTo: new Date(nowMs - day),
  });
  const early = await root.issue('CN=a', {
    validFrom: new Date(nowMs + day),
    validTo: new Date(nowMs + 3 * day),
  });
  const server = await root.issue('CN=a', { usages: [serverUsage] });
  const both = await root.issue('CN=a', { usages: [serverUsage, clientUsage] });
  const dates = 'x509: certificate has expired or is not yet valid';
  t.equal(check([old.certificate], trusted), dates);
  t.equal(check([early.certificate], trusted), dates);
  const use = 'x509: certificate specifies an incompatible key usage';
  t.equal(check([server.certificate], trusted), use);
  t.equal(check([both.certificate], trusted), null);
});

t.test('userOfCertificate reads the user and the groups out of the subject', async (t) => {
  const root = await makeAuthority('CN=root');
  const user = async (subject: string) => userOfCertificate((await root.issue(subject)).certificate);
  const jane = await user('CN=jane, O=dev, O=ops, OU=no');
  t.match(jane, { name: 'jane', uid: '', groups: ['dev', 'ops'] });
  t.match(jane?.extra['authentication.kubernetes.io/credential-id']?.[0], /^X509SHA256=[0-9a-f]{64}$/);
  t.equal(await user('O=dev'), null, 'no common name');
  // One name that would be two if the subject were read as text.
  t.match(await user('CN=jane\\0AO=system:masters'), { name: 'jane\nO=system:masters', groups: [] });
  t.match(await user('CN=jane\\, O=system:masters'), { name: 'jane, O=system:masters', groups: [] });
});

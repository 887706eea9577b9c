import fc from 'fast-check';
import t from 'tap';
import { DialError } from '../peers/dial.ts';
import { RpcError } from '../peers/rpc.ts';
import { caHashOf, createToken } from '../peers/token.ts';
import type { NodeId } from '../raft/types.ts';
import { createCertificateAuthority } from './certificates.ts';
import { introductionSchema } from './enrolment.ts';
import { explainSilence, findCluster, judgeIntroduction } from './find-cluster.ts';

const at = { host: '2001:db8::1', port: 7443 };

t.test('judgeIntroduction takes only the cluster whose CA the token names', async (t) => {
  const [own, other] = [
    await createCertificateAuthority('edge', '0'.repeat(16)),
    await createCertificateAuthority('edge', '0'.repeat(16)),
  ];
  const token = createToken(own.certificate);
  t.equal(token.caHash, caHashOf(own.certificate));
  const of = (caCertificate: string, objection: string | null = null) =>
    judgeIntroduction(
      { clusterName: 'edge', clusterId: '0'.repeat(16), caCertificate, objection },
      token,
      at,
    );
  t.equal(of(own.certificate).kind, 'found');
  t.equal(of(other.certificate + own.certificate).kind, 'found', 'while one CA takes the place of the other');
  for (const foreign of [other.certificate, '', 'no PEM', own.certificate.replaceAll('M', 'N')])
    t.match(of(foreign), { kind: 'refused', message: /"edge" at \[2001:db8::1\]:7443 has not the CA/ });
  t.match(of(own.certificate, 'This token has expired.'), {
    message: 'The cluster "edge" says: This token has expired.',
  });
});

t.test('explainSilence says what a person can do about it', async (t) => {
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [new DialError('wrongSecret', ''), 'refused', /mistyped\. Copy it again/],
    [new DialError('otherCluster', ''), 'refused', /does not know this token/],
    [new DialError('unreachable', 'it cannot be reached'), 'silent', /^it cannot be reached$/],
    [new RpcError('unknownMethod', ''), 'refused', /older version of Trivet.*cluster\.token/],
    [new RpcError('notMember', 'Not a member.'), 'silent', /no answer that can be used: Not a member\./],
    [introductionSchema.safeParse({}).error, 'silent', /not in words that this version knows\.$/],
  ];
  for (const [error, kind, message] of cases) t.match(explainSilence(error, at), { kind, message });
});

t.test('findCluster prefers who admits, and names each place that is silent', async (t) => {
  const lookup = {
    addresses: async () => ({ kind: 'failed' as const, reason: 'no such name' }),
    services: async () => ({ kind: 'failed' as const, reason: 'no such name' }),
    cancel: () => {},
  };
  const token = createToken((await createCertificateAuthority('edge', '0'.repeat(16))).certificate);
  const places = [
    { host: 'nowhere.example', port: 7443 },
    { host: '127.0.0.1', port: 1 },
  ];
  const finding = await findCluster(places, token, '0'.repeat(16) as NodeId, lookup);
  t.match(finding, {
    kind: 'silent',
    message: /nowhere\.example cannot be looked up.* 127\.0\.0\.1:1 cannot be reached/,
  });
});

t.test('what introduces itself may say anything', async () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({
      clusterName: fc.string(),
      clusterId: fc.string(),
      caCertificate: fc.string(),
      objection: fc.anything(),
    }),
  );
  const token = createToken((await createCertificateAuthority('edge', '0'.repeat(16))).certificate);
  fc.assert(
    fc.property(value, (said) => {
      const { data } = introductionSchema.safeParse(said);
      return data === undefined || judgeIntroduction(data, token, at).kind === 'refused';
    }),
  );
});

import t from 'tap';
import { made, patched, saidOfNew, saidOfStatus, sentences } from '../testing/say.ts';
import { certificateSigningRequests as requests } from './certificate-signing-requests.ts';
import { checkCertificatePem, checkRequestPem } from './pem.ts';

const pem = (label: string, der: readonly number[]): string =>
  Buffer.from(
    `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`,
  ).toString('base64');
const request = {
  ...{ kind: 'CertificateSigningRequest', apiVersion: 'certificates.k8s.io/v1', metadata: { name: 'r' } },
  spec: {
    request: pem('CERTIFICATE REQUEST', [0x30, 0]),
    signerName: 'example.com/s',
    usages: ['client auth'],
  },
};
const certificate = pem('CERTIFICATE', [0x30, 1, 5]);
const now = '2026-01-01T00:00:00Z';
const user = { name: 'u', uid: '7', groups: ['g'], extra: {} };
const approved = { type: 'Approved', status: 'True' };

t.test('a request', async (t) => {
  t.same(saidOfNew(requests, request), []);
  const spec = {
    request: 'AAAA',
    signerName: 'kubernetes.io/legacy-unknown',
    usages: ['fly', 'any', 'any'],
    expirationSeconds: 599,
  };
  const said = saidOfNew(requests, patched(request, { spec }));
  t.equal(said[0], 'spec.request: Invalid value: "AAAA": PEM block type must be CERTIFICATE REQUEST');
  t.match(
    said[1],
    /^spec\.usages\[0\]: Unsupported value: "fly": supported values: "any", "cert sign", .*"timestamping"$/,
  );
  t.same(said.slice(2), [
    'spec.usages[2]: Duplicate value: "any"',
    'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
  ]);
  t.same(saidOfNew(requests, patched(request, { spec: { signerName: 'me', usages: null } })), [
    'spec.usages: Required value',
    'spec.signerName: Invalid value: "me": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
  ]);
  t.match(saidOfNew(requests, patched(request, { spec: { signerName: 'local/S' } })), [
    'spec.signerName: Invalid value: "local": should be a domain with at least two segments separated by dots',
    /^spec\.signerName: Invalid value: "S": validating label "S": a lowercase RFC 1123 subdomain/,
  ]);
});

t.test('PEM is read without trust', async (t) => {
  t.equal(checkRequestPem(''), 'PEM block type must be CERTIFICATE REQUEST');
  t.not(checkRequestPem(pem('CERTIFICATE REQUEST', [0x30, 5])), null, 'cut off');
  t.equal(checkCertificatePem(certificate), null);
  t.equal(
    checkCertificatePem(pem('PRIVATE KEY', [1])),
    'only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"',
  );
  t.equal(checkCertificatePem('AAAA'), 'must contain at least one CERTIFICATE PEM block');
});

t.test('the server says who asks', async (t) => {
  const claimed = patched(request, {
    spec: { username: 'admin', groups: ['system:masters'], extra: { a: ['b'] } },
    status: { certificate },
  });
  const signed = requests.stamp?.(claimed, null, { user, now, subresource: '' });
  t.same(signed?.spec, { ...request.spec, username: 'u', uid: '7', groups: ['g'] });
});

t.test('what is asked for does not change', async (t) => {
  const old = made(requests, request);
  t.same(requests.prepareUpdate?.(patched(old, { spec: { username: 'x' } }), old), old);
});

t.test('approving is for those who may', async (t) => {
  const old = made(requests, request);
  const sent = patched(old, { spec: { username: 'x' }, status: { conditions: [approved], certificate } });
  const { approval } = requests.parts!;
  const writer = { user, now, subresource: 'approval' };
  const next = requests.stamp!(approval!.take(sent, old), old, writer);
  const condition = { ...approved, lastUpdateTime: now, lastTransitionTime: now };
  t.same(next, { ...old, status: { conditions: [condition] } });
  t.same(approval!.check!(next, old), []);
  const denied = patched(next, {
    status: { conditions: [condition, { ...condition, type: 'Denied', status: 'False' }] },
  });
  t.same(sentences(approval!.check!(denied, next)), [
    'status.conditions[1].status: Unsupported value: "False": supported values: "True"',
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
  t.same(saidOfStatus(requests, request, {}, { conditions: [approved] }), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  t.same(saidOfStatus(requests, request, { conditions: [approved] }, {}), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  const changed = saidOfStatus(
    requests,
    request,
    { conditions: [approved] },
    { conditions: [{ ...approved, reason: 'r' }] },
  );
  t.match(changed, [
    /^status\.conditions: Forbidden: updates may not modify a condition of type "Approved"\n/,
  ]);
});

t.test('a certificate is issued once', async (t) => {
  const conditions = [approved];
  t.same(saidOfStatus(requests, request, { conditions }, { conditions, certificate }), []);
  const other = pem('CERTIFICATE', [0x30, 0]);
  t.same(saidOfStatus(requests, request, { conditions, certificate }, { conditions, certificate: other }), [
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ]);
  t.same(saidOfStatus(requests, request, {}, { certificate: 'AAAA' }), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
});

t.test('a condition that was there keeps its time', async (t) => {
  const old = patched(request, {
    status: { conditions: [{ ...approved, lastTransitionTime: now, lastUpdateTime: now }] },
  });
  const later = { user, now: '2027-01-01T00:00:00Z', subresource: 'status' };
  const next = requests.stamp!(patched(request, { status: { conditions: [approved] } }), old, later);
  t.match(next.status, { conditions: [{ lastTransitionTime: now, lastUpdateTime: '2027-01-01T00:00:00Z' }] });
});

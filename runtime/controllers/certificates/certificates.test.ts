import { webcrypto } from 'node:crypto';
import t from 'tap';
import type { UserInfo } from '../../apiserver/authentication/user.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { apiClient } from '../client/api-client.ts';
import { resources } from '../client/places.ts';
import { eventually, openCluster, runControllers } from '../testing/open-cluster.ts';
import { isToSign, permissionsFor, refusalOf, removals } from './plan-request.ts';
import { readRequest } from './read-request.ts';
import type { RequestContents, SigningOrder } from './signer.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function library() {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

async function makeRequest(name: string, alternative: readonly { type: 'dns' | 'ip'; value: string }[] = []) {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    ...{ name, keys, signingAlgorithm: algorithm },
    extensions: alternative.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...alternative])],
  });
  return request.toString('pem');
}

async function makeCertificate(): Promise<string> {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=test', keys, signingAlgorithm: algorithm },
    ...{ notBefore: new Date('2020-01-01'), notAfter: new Date('2055-01-01') },
  });
  return made.toString('pem');
}

function requestObject(spec: object, status: object = {}): ApiObject {
  const metadata = { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { kind: 'CertificateSigningRequest', apiVersion: 'certificates.k8s.io/v1', metadata, spec, status };
}

const nodeContents: RequestContents = {
  ...{ commonName: 'system:node:n', organizations: ['system:nodes'] },
  ...{ dnsNames: [], ipAddresses: [], emails: [], uris: [] },
};
const clientUsages = ['digital signature', 'client auth'];
const nodeClient = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: clientUsages };

t.test('permissionsFor asks only for certificates of nodes that nobody has decided on', async (t) => {
  const asked = (spec: object, contents = nodeContents, status: object = {}) =>
    permissionsFor(requestObject(spec, status), contents).map(({ subresource }) => subresource);
  t.same(asked(nodeClient), ['nodeclient']);
  t.same(asked({ ...nodeClient, username: 'system:node:n' }), ['selfnodeclient', 'nodeclient']);
  t.same(asked({ ...nodeClient, usages: ['server auth'] }), []);
  t.same(asked({ ...nodeClient, signerName: 'kubernetes.io/kube-apiserver-client' }), []);
  t.same(asked(nodeClient, { ...nodeContents, organizations: ['system:nodes', 'system:masters'] }), []);
  t.same(asked(nodeClient, { ...nodeContents, dnsNames: ['x'] }), []);
  t.same(asked(nodeClient, nodeContents, { conditions: [{ type: 'Denied', status: 'True' }] }), []);
});

t.test('refusalOf gives nothing that a signer is not for', async (t) => {
  const serving = {
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  };
  const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };
  const withAddress = { ...nodeContents, ipAddresses: ['192.0.2.1'] };
  for (const [spec, contents, expected] of [
    [nodeClient, nodeContents, ''],
    [
      nodeClient,
      { ...nodeContents, commonName: 'admin' },
      'subject common name does not begin with system:node:',
    ],
    [nodeClient, null, /cannot be read/],
    [serving, withAddress, ''],
    [serving, nodeContents, 'DNS or IP subjectAltName is required'],
    [{ ...serving, usages: clientUsages }, withAddress, /^usages did not match \[digital signature key enc/],
    [client, nodeContents, ''],
    [{ ...client, usages: ['cert sign'] }, nodeContents, 'invalid usage for client certificate: cert sign'],
    [{ ...client, usages: ['digital signature'] }, nodeContents, /^missing required usage/],
  ] as const) {
    t.match(refusalOf(requestObject(spec), contents), expected);
  }
  const conditions = [{ type: 'Approved', status: 'True' }];
  t.ok(isToSign(requestObject(nodeClient, { conditions })));
  t.notOk(isToSign(requestObject({ ...nodeClient, signerName: 'example.com/s' }, { conditions })));
  t.notOk(isToSign(requestObject(nodeClient, { conditions, certificate: 'AAAA' })));
  t.notOk(isToSign(requestObject(nodeClient, {})));
});

t.test('removals takes away what is over', async (t) => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const hour = 3_600_000;
  const conditionsOf = (type: string) => [{ type, status: 'True', lastUpdateTime: '2026-01-01T00:00:00Z' }];
  const certificate = 'AAAA';
  for (const [name, status, hours, expiresMs, count] of [
    ['pending', {}, 23, null, 0],
    ['forgotten', {}, 25, null, 1],
    ['denied', { conditions: conditionsOf('Denied') }, 2, null, 1],
    ['not yet', { conditions: conditionsOf('Denied') }, 0.5, null, 0],
    ['approved', { conditions: conditionsOf('Approved') }, 2, null, 0],
    ['issued', { conditions: conditionsOf('Approved'), certificate }, 2, null, 1],
    ['expired', { conditions: conditionsOf('Approved'), certificate }, 0.5, start, 1],
  ] as const) {
    t.equal(removals(requestObject(nodeClient, status), start + hours * hour, expiresMs).length, count, name);
  }
});

t.test('readRequest reads what a stranger sends', async (t) => {
  const pem = await makeRequest('CN=system:node:n, O=system:nodes', [
    { type: 'dns', value: 'n.local' },
    { type: 'ip', value: '192.0.2.1' },
  ]);
  t.same(await readRequest(pem), { ...nodeContents, dnsNames: ['n.local'], ipAddresses: ['192.0.2.1'] });
  const other = await makeRequest('CN=admin, O=system:masters');
  const lines = pem.split('\n');
  for (const text of [
    '',
    'nonsense',
    lines.slice(0, 4).join('\n'),
    `${lines.slice(0, -4).join('\n')}${other}`,
  ]) {
    t.notMatch(await readRequest(text), { commonName: 'system:node:n' });
  }
});

t.test('a node that may gets its certificate, and others wait for a person', async (t) => {
  const cluster = await openCluster(t);
  const orders: SigningOrder[] = [];
  const pem = await makeCertificate();
  const certificates = async (order: SigningOrder): Promise<string> => {
    orders.push(order);
    return pem;
  };
  const { warnings } = runControllers(t, cluster, { certificates });
  const { client, server } = cluster;
  await eventually('the roles', () =>
    client.find({ ...resources.clusterRoles, namespace: '', name: 'view' }),
  );
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'Group', apiGroup, name: 'system:bootstrappers' }];
  for (const name of [
    'system:node-bootstrapper',
    'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
  ]) {
    const metadata = { name: `of-joining:${name}` };
    const head = { kind: 'ClusterRoleBinding', apiVersion: `${apiGroup}/v1`, metadata };
    await client.create(resources.clusterRoleBindings, {
      ...{ ...head, subjects, roleRef: { apiGroup, kind: 'ClusterRole', name } },
    });
  }
  const send = async (name: string, as: UserInfo, subject: string, spec: object = nodeClient) => {
    const own = apiClient({ server, user: as, userAgent: 'test/1' });
    const request = Buffer.from(await makeRequest(subject)).toString('base64');
    const sent = { ...requestObject({ ...spec, request }), metadata: { name } };
    // The server may hear of the bindings a little later.
    await eventually(name, () => own.create(resources.certificateRequests, sent).catch(() => null));
  };
  const joining: UserInfo = {
    ...{ name: 'system:bootstrap:abcdef', uid: '', extra: {} },
    groups: ['system:bootstrappers', 'system:authenticated'],
  };
  await send('joins', joining, 'CN=system:node:n, O=system:nodes', {
    ...nodeClient,
    expirationSeconds: 3600,
  });
  const read = (name: string) => client.get({ ...resources.certificateRequests, namespace: '', name });
  const issuedTo = (name: string) =>
    eventually(
      `the certificate of ${name}`,
      async () => stringAt(await read(name), 'status', 'certificate') || null,
    );
  t.equal(Buffer.from(await issuedTo('joins'), 'base64').toString(), pem);
  t.match(await read('joins'), { status: { conditions: [{ type: 'Approved', reason: 'AutoApproved' }] } });
  t.match(orders, [{ usages: clientUsages, validSeconds: 3600 }]);
  const spec = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth', 'server auth'] };
  await send('person', joining, 'CN=jane', spec);
  const waiting = await read('person');
  t.same(listAt(waiting, 'status', 'conditions'), []);
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Yes', message: '' }];
  await client.update(resources.certificateRequests, { ...waiting, status: { conditions } }, 'approval');
  const refused = await eventually('the refusal', async () => {
    const all = listAt(await read('person'), 'status', 'conditions');
    return all.length > 1 ? all[1] : null;
  });
  t.match(refused, { type: 'Failed', reason: 'SignerValidationFailure', message: /server auth$/ });
  t.equal(orders.length, 1);
  t.same(warnings, []);
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { registry } from '../handlers/testing/open-kind.ts';
import { openServer } from '../http/testing/open-server.ts';
import { type RequestInfo, readRequest } from '../request/request-info.ts';
import { openAuditFile } from './audit-file.ts';
import { openAudit } from './open-audit.ts';
import { type AuditRule, planAudit } from './policy.ts';

const rule = (level: AuditRule['level'], more: Partial<AuditRule> = {}): AuditRule => ({
  ...{
    level,
    users: [],
    userGroups: [],
    verbs: [],
    resources: [],
    namespaces: [],
    nonResourceURLs: [],
    omitStages: [],
  },
  ...more,
});
const jane = { name: 'jane', uid: '', groups: ['people'], extra: {} };
const infoOf = (text: string): RequestInfo => {
  const [method = '', url = ''] = text.split(' ');
  return readRequest(method, url, new URLSearchParams()) as RequestInfo;
};

t.test('planAudit: the first rule that is about a request decides', async (t) => {
  const of = (group: string, ...resources: string[]) => [{ group, resources, resourceNames: [] }];
  const table: readonly (readonly [Partial<AuditRule>, string, boolean])[] = [
    [{}, 'GET /healthz', true],
    [{ users: ['jane'] }, 'GET /healthz', true],
    [{ users: ['joe'] }, 'GET /healthz', false],
    [{ userGroups: ['people', 'x'] }, 'GET /healthz', true],
    [{ verbs: ['list'] }, 'GET /api/v1/pods', true],
    [{ verbs: ['get'] }, 'GET /api/v1/pods', false],
    [{ nonResourceURLs: ['/health*'] }, 'GET /healthz', true],
    [{ nonResourceURLs: ['/health*'] }, 'GET /api/v1/pods', false],
    [{ resources: of('', 'pods') }, 'GET /healthz', false],
    [{ resources: of('', 'pods') }, 'GET /api/v1/namespaces/d/pods/p', true],
    [{ resources: of('', 'pods') }, 'GET /api/v1/namespaces/d/pods/p/log', false],
    [{ resources: of('', 'pods/*') }, 'GET /api/v1/namespaces/d/pods/p/log', true],
    [{ resources: of('', '*/log') }, 'GET /api/v1/namespaces/d/pods/p/log', true],
    [{ resources: of('apps') }, 'GET /apis/apps/v1/deployments', true],
    [{ resources: of('') }, 'GET /apis/apps/v1/deployments', false],
    [
      { resources: [{ group: '', resources: ['pods'], resourceNames: ['p'] }] },
      'GET /api/v1/namespaces/d/pods/q',
      false,
    ],
    [{ namespaces: ['d'] }, 'GET /api/v1/namespaces/d/pods', true],
    [{ namespaces: [''] }, 'GET /api/v1/nodes', true],
    [{ namespaces: ['e'] }, 'GET /api/v1/namespaces/d/pods', false],
  ];
  for (const [more, text, isAbout] of table) {
    const policy = { rules: [rule('Metadata', more)], omitStages: [], omitManagedFields: false };
    t.equal(
      planAudit(policy, jane, infoOf(text)).level,
      isAbout ? 'Metadata' : 'None',
      `${JSON.stringify(more)} ${text}`,
    );
  }
});

t.test('openAudit writes what the policy wants', async (t) => {
  const file = path.join(t.testdir(), 'deep', 'audit.log');
  const audit = openAudit({
    ...{ file, mostBytes: 1e6, mostFiles: 1, registry, nowMs: () => 1_700_000_000_123 },
    onFault: (sentence) => t.fail(sentence),
    policy: {
      rules: [
        rule('None', { nonResourceURLs: ['/healthz'] }),
        rule('RequestResponse', { resources: [{ group: '', resources: ['configmaps'], resourceNames: [] }] }),
        rule('Metadata'),
      ],
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
    },
  });
  const { ask, faults } = await openServer(t, { around: audit.around });
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: 'v' } };
  const headers = { 'content-type': 'application/json', 'user-agent': 'me/1' };
  const made = await ask('POST', '/api/v1/namespaces/d/configmaps?fieldManager=m', { body, headers });
  t.equal(made.code, 201);
  await ask('GET', '/healthz');
  t.equal((await ask('GET', '/api/v1/namespaces/d/secrets/none')).code, 404);
  await audit.close();
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, object>);
  t.equal(lines.length, 2);
  t.match(lines[0], {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: made.headers['audit-id'],
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/d/configmaps?fieldManager=m',
    verb: 'create',
    user: { username: 'me', groups: ['system:masters'] },
    sourceIPs: [/127\.0\.0\.1$/],
    userAgent: 'me/1',
    objectRef: { resource: 'configmaps', namespace: 'd', name: 'a', apiVersion: 'v1' },
    responseStatus: { code: 201 },
    requestObject: body,
    responseObject: { metadata: { name: 'a', namespace: 'd' } },
    requestReceivedTimestamp: '2023-11-14T22:13:20.123000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  });
  const [first = {}] = lines as { responseObject?: { metadata: object } }[];
  t.notOk('managedFields' in (first.responseObject?.metadata ?? {}));
  t.match(lines[1], {
    ...{ level: 'Metadata', verb: 'get' },
    responseStatus: { code: 404, reason: 'NotFound', message: 'secrets "none" not found' },
  });
  t.notOk('responseObject' in (lines[1] ?? {}));
  t.same(faults, []);
});

t.test('openAuditFile keeps so many files, and says what it loses', async (t) => {
  const folder = t.testdir({ blocked: 'a file' });
  const file = path.join(folder, 'a.log');
  const writer = openAuditFile({
    file,
    mostBytes: 100,
    mostFiles: 2,
    onFault: (sentence) => t.fail(sentence),
  });
  for (let number = 0; number < 20; number += 1) {
    writer.write(`${number}`.padStart(40, '.'));
    await writer.close();
  }
  t.same(
    readdirSync(folder)
      .filter((name) => name.startsWith('a.log'))
      .sort(),
    ['a.log', 'a.log.1', 'a.log.2'],
  );
  t.match(readFileSync(file, 'utf8'), /19\n$/);
  t.match(readFileSync(`${file}.2`, 'utf8'), /15\n$/);
  const faults: string[] = [];
  const broken = openAuditFile({
    ...{ file: path.join(folder, 'blocked', 'a.log'), mostBytes: 100, mostFiles: 2 },
    onFault: (sentence) => faults.push(sentence),
  });
  broken.write('x');
  await broken.close();
  t.match(faults, [/^1 lines of the audit are lost: /]);
});

import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import t from 'tap';
import type { Attributes } from '../authorization/attributes.ts';
import { noAdmission } from '../handlers/admission.ts';
import { openServer } from './testing/open-server.ts';

const headers = {
  'impersonate-user': 'ada',
  'impersonate-group': ['a', 'b, c'],
  'impersonate-extra-acme.com%2fscope': ['x', 'y'],
};
const acting = {
  ...{ name: 'ada', uid: '', groups: ['a', 'b, c', 'system:authenticated'] },
  extra: { 'acme.com/scope': ['x', 'y'] },
};

async function askOverHttp2(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({ ':path': '/metrics', ...headers });
  stream.resume();
  await once(stream, 'end');
}

t.test('every group that is said counts by itself, over either version of HTTP', async (t) => {
  const seen: Attributes[] = [];
  const { ask, connect2 } = await openServer(t, {
    access: {
      authenticate: async () => ({
        ...{ kind: 'user', audiences: [] },
        user: { name: 'eve', uid: '', groups: [], extra: {} },
      }),
      authorizer: async () => (attributes) => {
        seen.push(attributes);
        return { isAllowed: attributes.verb === 'impersonate', reason: '' };
      },
      admission: () => noAdmission,
    },
  });
  for (const request of [() => ask('GET', '/metrics', { headers }), () => askOverHttp2(connect2())]) {
    seen.length = 0;
    await request();
    const asked = seen.map((one) => (one.kind === 'resource' ? `${one.resource} ${one.name}` : one.user));
    t.same(asked, ['users ada', 'groups a', 'groups b, c', 'userextras x', 'userextras y', acting]);
  }
});

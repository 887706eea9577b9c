/** The API with a real store and the rules of a real cluster, and controllers as they run in one. */
import type { Test } from 'tap';
import { accessHandlers } from '../../apiserver/access/special-handlers.ts';
import type { BoundObjects } from '../../apiserver/authentication/bound-objects.ts';
import { makeKey } from '../../apiserver/authentication/testing/accounts.ts';
import { type Authorizer, allowMasters, anyOf } from '../../apiserver/authorization/authorizer.ts';
import { nodeRole } from '../../apiserver/authorization/default-roles/component-roles.ts';
import { nodeAuthorizer } from '../../apiserver/authorization/node-authorizer.ts';
import { rbacAuthorizer } from '../../apiserver/authorization/rbac.ts';
import { createRbacIndex, type RbacKind, type RbacReader } from '../../apiserver/authorization/rbac-index.ts';
import { noAdmission } from '../../apiserver/handlers/admission.ts';
import type { SpecialHandler } from '../../apiserver/handlers/special.ts';
import { openServer } from '../../apiserver/http/testing/open-server.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { mirrorObjects } from '../../apiserver/storage/mirror.ts';
import { createLog } from '../../logging/log.ts';
import { type ApiClient, apiClient } from '../client/api-client.ts';
import { type ControllersOptions, startControllers } from '../start-controllers.ts';

/** What `check` answers, once it does: waits for what comes about elsewhere, with a bound. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | null | false | undefined>,
): Promise<T> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const found = await check();
    if (found !== null && found !== false && found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export const root = {
  ...{ name: 'root', uid: '', extra: {} },
  groups: ['system:masters', 'system:authenticated'],
};

/** A server that knows who may do what, by the roles in it. */
export async function openCluster(t: Test) {
  let authorizer: Promise<Authorizer> | null = null;
  const index = createRbacIndex();
  const mayAsk = () => authorizer ?? Promise.resolve(allowMasters);
  const opened = await openServer(t, {
    special: { 'authorization.k8s.io/subjectaccessreviews': reviewsOf(mayAsk, index) },
    access: {
      authenticate: async () => ({ kind: 'user', user: root, audiences: [] }),
      authorizer: mayAsk,
      admission: () => noAdmission,
    },
  });
  const { server, store } = opened;
  const mirrors = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map((name) =>
    mirrorObjects(store, `/registry/${name}/`, {
      onPut: index.put,
      onRemove: ({ kind, metadata: { namespace = '', name = '' } }) =>
        index.remove(kind as RbacKind, namespace, name),
    }),
  );
  t.teardown(() => {
    for (const mirror of mirrors) mirror.close();
  });
  authorizer = Promise.all(mirrors.map(({ ready }) => ready)).then(() =>
    anyOf([allowMasters, nodeAuthorizer(() => true, nodeRole.rules), rbacAuthorizer(index)]),
  );
  const client: ApiClient = apiClient({ server, user: root, userAgent: 'test/1' });
  return { ...opened, client };
}

/** May somebody do something? Nobody asks here who holds which token. */
function reviewsOf(authorizer: () => Promise<Authorizer>, reader: RbacReader): SpecialHandler {
  const nobody = async (): Promise<never> => Promise.reject(new Error('there are no tokens here'));
  const none: BoundObjects = { serviceAccount: nobody, pod: nobody, secret: nobody, node: nobody };
  const handlers = accessHandlers({
    ...{ authorizer, reader, tokens: { ownAudiences: [], authenticate: nobody } },
    issuer: {
      ...{ issuer: '', ownAudiences: [], objects: none, longestSeconds: null },
      ...{ key: () => makeKey().signing, nowMs: Date.now, makeId: () => '' },
    },
  });
  return handlers['authorization.k8s.io/subjectaccessreviews'] as SpecialHandler;
}

export const testService = { clusterIp: '10.96.0.1', port: 6443, addresses: ['192.0.2.2', '192.0.2.1'] };

/** All controllers, on one node; they stop with the test. What they warn of is in `warnings`. */
export function runControllers(
  t: Test,
  { server }: Pick<Awaited<ReturnType<typeof openCluster>>, 'server'>,
  more: Partial<ControllersOptions> = {},
) {
  const warnings: string[] = [];
  const controllers = startControllers({
    server,
    log: createLog((line) => void (line.includes('debug:') || warnings.push(line)), 'info'),
    identity: 'node-1_a',
    kubernetesService: () => testService,
    rootCa: () => 'CA',
    ...more,
  });
  t.teardown(() => controllers.stop());
  return { ...controllers, warnings };
}

export function namespaceOf(name: string): ApiObject {
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
}

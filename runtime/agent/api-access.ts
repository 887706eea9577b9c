/** Who may ask the Kubernetes API of this node, and for what: by the cluster's certificates and the rules in its store. */
import {
  type AuthenticationOptions,
  authenticate,
  type Identity,
} from '../apiserver/authentication/authenticate.ts';
import { readHeaders } from '../apiserver/authentication/headers.ts';
import { unknownToken } from '../apiserver/authentication/token-authenticator.ts';
import { allowMasters, anyOf } from '../apiserver/authorization/authorizer.ts';
import { nodeRole } from '../apiserver/authorization/default-roles/component-roles.ts';
import { nodeAuthorizer } from '../apiserver/authorization/node-authorizer.ts';
import { createNodeGraph } from '../apiserver/authorization/node-graph.ts';
import { rbacAuthorizer } from '../apiserver/authorization/rbac.ts';
import { createRbacIndex, type RbacKind } from '../apiserver/authorization/rbac-index.ts';
import { noAdmission } from '../apiserver/handlers/admission.ts';
import type { Access } from '../apiserver/http/api-server.ts';
import type { HttpRequest } from '../apiserver/http/exchange.ts';
import { type MirrorHandlers, mirrorObjects } from '../apiserver/storage/mirror.ts';
import type { Store } from '../datastore/store.ts';
import type { Credentials } from '../peers/trust.ts';
import { clientTrust, nodeIdOfClient, nodeUser } from './api-clients.ts';

export interface ApiAccessOptions {
  readonly store: Store;
  /** Those in force. */
  readonly credentials: () => Credentials;
  /** DER (SPKI) in Base64. */
  readonly operatorKeys: ReadonlySet<string>;
  /** Of a member; null for one that is none any more. */
  readonly nodeName: (id: string) => Promise<string | null>;
}

export interface ApiAccess extends Access {
  readonly close: () => void;
}

/** For whom tokens are good here. */
const audience = 'https://kubernetes.default.svc';

export function openApiAccess(options: ApiAccessOptions): ApiAccess {
  const rules = followRules(options.store);
  return {
    authenticate: (request) => identify(options, request),
    authorizer: () => rules.authorizer,
    admission: () => noAdmission,
    close: rules.close,
  };
}

async function identify(options: ApiAccessOptions, request: HttpRequest): Promise<Identity> {
  const own = options.credentials();
  const certificates = request.certificates();
  const nodeId = nodeIdOfClient(certificates[0], own);
  const node = nodeId === null ? null : await options.nodeName(nodeId);
  if (node !== null) return { kind: 'user', user: nodeUser(node), audiences: [] };
  const how: AuthenticationOptions = {
    ...{ frontProxy: null, clientCertificates: clientTrust(own, options.operatorKeys) },
    ...{ tokens: async () => unknownToken, ownAudiences: [audience], allowAnonymous: true },
    nowMs: Date.now,
  };
  return await authenticate(how, { headers: readHeaders(request.rawHeaders), certificates });
}

function followRules(store: Store) {
  const index = createRbacIndex();
  const graph = createNodeGraph();
  const ofRules: MirrorHandlers = {
    onPut: index.put,
    onRemove: ({ kind, metadata: { namespace = '', name = '' } }) =>
      index.remove(kind as RbacKind, namespace, name),
  };
  const ofGraph: MirrorHandlers = {
    onPut: graph.put,
    onRemove: ({ kind, metadata: { namespace = '', name = '' } }) =>
      graph.remove(kind as 'Pod' | 'PersistentVolume' | 'VolumeAttachment', namespace, name),
  };
  const mirrors = [
    ...['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map((name) =>
      mirrorObjects(store, `/registry/${name}/`, ofRules),
    ),
    ...['pods', 'persistentvolumes', 'volumeattachments'].map((name) =>
      mirrorObjects(store, `/registry/${name}/`, ofGraph),
    ),
  ];
  const all = anyOf([allowMasters, nodeAuthorizer(graph.isRelated, nodeRole.rules), rbacAuthorizer(index)]);
  return {
    authorizer: Promise.all(mirrors.map(({ ready }) => ready)).then(() => all),
    close: () => {
      for (const mirror of mirrors) mirror.close();
    },
  };
}

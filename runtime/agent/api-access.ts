/** Who may ask the Kubernetes API of this node, and for what: by the cluster's certificates and the rules in its store. */
import { randomBytes, type X509Certificate } from 'node:crypto';
import { readBoundObjects } from '../apiserver/access/bound-reads.ts';
import { refuseEscalation } from '../apiserver/access/refuse-escalation.ts';
import { accessHandlers } from '../apiserver/access/special-handlers.ts';
import { legacyClaims, legacyIssuer } from '../apiserver/authentication/account-claims.ts';
import {
  type AuthenticationOptions,
  authenticate,
  authenticateToken,
  firstOf,
  type Identity,
} from '../apiserver/authentication/authenticate.ts';
import { bootstrapTokens } from '../apiserver/authentication/bootstrap-token.ts';
import type { CertificateTrust } from '../apiserver/authentication/client-certificate.ts';
import { readHeaders } from '../apiserver/authentication/headers.ts';
import { readToken, signToken } from '../apiserver/authentication/jwt.ts';
import { serviceAccountTokens } from '../apiserver/authentication/service-account-token.ts';
import { cachedTokens } from '../apiserver/authentication/token-cache.ts';
import {
  type IssuerDocument,
  issuerDocuments,
  keysFor,
  readSigningKey,
  readVerificationKeys,
  type SigningKey,
  type VerificationKey,
} from '../apiserver/authentication/token-keys.ts';
import { type Authorizer, allowMasters, anyOf } from '../apiserver/authorization/authorizer.ts';
import { nodeRole } from '../apiserver/authorization/default-roles/component-roles.ts';
import { nodeAuthorizer } from '../apiserver/authorization/node-authorizer.ts';
import { createNodeGraph } from '../apiserver/authorization/node-graph.ts';
import { rbacAuthorizer } from '../apiserver/authorization/rbac.ts';
import { createRbacIndex, type RbacKind } from '../apiserver/authorization/rbac-index.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import type { SpecialHandlers } from '../apiserver/handlers/special.ts';
import type { Surroundings } from '../apiserver/handlers/surroundings.ts';
import type { Access } from '../apiserver/http/api-server.ts';
import type { HttpRequest } from '../apiserver/http/exchange.ts';
import type { Registry } from '../apiserver/schemas/registry.ts';
import { type MirrorHandlers, mirrorObjects } from '../apiserver/storage/mirror.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { Config } from '../config/schema.ts';
import type { AccountTokens } from '../controllers/service-accounts/token-secrets.ts';
import type { Store } from '../datastore/store.ts';
import type { Credentials } from '../peers/trust.ts';
import { openApiAdmission } from './api-admission.ts';
import { clientTrust, nodeIdOfClient, nodeUser } from './api-clients.ts';
import { frontProxyOf, providersOf } from './api-providers.ts';

export interface ApiAccessOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly kinds: Kinds;
  readonly surroundings: Surroundings;
  /** Those in force. */
  readonly credentials: () => Credentials;
  readonly keys: () => ApiKeys;
  /** DER (SPKI) in Base64. */
  readonly operatorKeys: ReadonlySet<string>;
  /** Of a member; null for one that is none any more. */
  readonly nodeName: (id: string) => Promise<string | null>;
  readonly config: Config['api'];
  /** Since 1970. */
  readonly nowMs: () => number;
}

export interface ApiAccess extends Access {
  /** Reviews, and tokens of service accounts. */
  readonly special: SpecialHandlers;
  /** Tokens of service accounts that lie in Secrets, and do not end. */
  readonly accountTokens: AccountTokens;
  readonly issuerDocuments: () => readonly IssuerDocument[];
  readonly close: () => void;
}

/** Of tokens of service accounts, and for whom they are good here. */
const issuer = 'https://kubernetes.default.svc.cluster.local';
const ownAudiences = [issuer];

export function openApiAccess(options: ApiAccessOptions): ApiAccess {
  const { registry, kinds, store, surroundings, nowMs } = options;
  const rules = followRules(store);
  const authorizer = (): Promise<Authorizer> => rules.authorizer;
  const objects = readBoundObjects(kinds);
  const signing = signingKeys(options.keys);
  const tokens = cachedTokens(
    firstOf([
      serviceAccountTokens({ issuers: [issuer], keys: () => signing().verification, ownAudiences, objects }),
      bootstrapTokens({ secret: objects.secret, ownAudiences }),
      ...providersOf(options.config, ownAudiences),
    ]),
    randomBytes(32),
  );
  const trust = trustInForce(options);
  const frontProxy = frontProxyOf(options.config);
  const how = (): AuthenticationOptions => ({
    ...{ frontProxy, clientCertificates: trust() },
    ...{ tokens, ownAudiences, allowAnonymous: true, nowMs },
  });
  const policies = openApiAdmission({
    ...{ registry, store, kinds, surroundings, authorizer },
    more: [
      { validate: (asked) => refuseEscalation({ authorizer, reader: rules.reader }, asked.user)(asked) },
    ],
  });
  return {
    authenticate: identifyQuickly(options, how),
    authorizer,
    admission: policies.admission,
    special: accessHandlers({
      ...{ authorizer, reader: rules.reader },
      tokens: {
        authenticate: (token, audiences) => authenticateToken(how(), token, audiences),
        ownAudiences,
      },
      issuer: {
        ...{ issuer, ownAudiences, objects, longestSeconds: null },
        ...{ key: () => signing().signing, nowMs, makeId: surroundings.makeUid },
      },
    }),
    accountTokens: {
      sign: (account, secretName) => {
        const { key, keyId } = signing().signing;
        return signToken(legacyClaims(account, secretName), key, keyId);
      },
      isOver: (text) => {
        const token = readToken(text);
        const isOurs = token?.claims.iss === legacyIssuer;
        return isOurs && keysFor(signing().verification, token.keyId).length === 0;
      },
    },
    issuerDocuments: () => issuerDocuments(issuer, `${issuer}/openid/v1/jwks`, signing().verification),
    close: () => {
      policies.close();
      rules.close();
    },
  };
}

/** Read anew when the CAs are others. */
function trustInForce({ credentials, operatorKeys }: ApiAccessOptions): () => CertificateTrust {
  let known: { readonly of: string; readonly trust: CertificateTrust } | null = null;
  return () => {
    const now = credentials();
    if (known?.of !== now.caCertificate) {
      known = { of: now.caCertificate, trust: clientTrust(now, operatorKeys) };
    }
    return known.trust;
  };
}

/** Read anew when they are others. */
function signingKeys(keys: () => ApiKeys) {
  let known: {
    readonly of: ApiKeys;
    readonly signing: SigningKey;
    readonly verification: readonly VerificationKey[];
  } | null = null;
  return () => {
    const now = keys();
    if (known?.of === now) return known;
    const signing = readSigningKey(now.serviceAccounts[0] as string);
    known = { of: now, signing, verification: readVerificationKeys(now.serviceAccounts) };
    return known;
  };
}

/** What is found out of a certificate holds for so long, on its connection. */
const rememberedMilliseconds = 5_000;

/** Who a connection's certificate stands for, which most requests have as their only proof. */
interface Remembered {
  readonly identity: Identity;
  readonly authorities: string;
  readonly untilMs: number;
}

function identifyQuickly(options: ApiAccessOptions, how: () => AuthenticationOptions) {
  const remembered = new WeakMap<readonly X509Certificate[], Remembered>();
  return async (request: HttpRequest): Promise<Identity> => {
    const certificates = request.certificates();
    const { caCertificate: authorities } = options.credentials();
    const known = remembered.get(certificates);
    const isKnown = known !== undefined && known.authorities === authorities && Date.now() < known.untilMs;
    if (isKnown && request.headers.authorization === undefined) return known.identity;
    const identity = await identify(options, how, request, certificates);
    // Who shows nothing but a certificate is the same the next time, unless a proxy speaks for many.
    if (
      options.config.frontProxy === undefined &&
      certificates.length > 0 &&
      request.headers.authorization === undefined
    ) {
      const untilMs = Date.now() + rememberedMilliseconds;
      remembered.set(certificates, { identity, authorities, untilMs });
    }
    return identity;
  };
}

async function identify(
  { credentials, nodeName }: ApiAccessOptions,
  how: () => AuthenticationOptions,
  request: HttpRequest,
  certificates: readonly X509Certificate[],
): Promise<Identity> {
  const nodeId = nodeIdOfClient(certificates[0], credentials());
  const node = nodeId === null ? null : await nodeName(nodeId);
  if (node !== null) return { kind: 'user', user: nodeUser(node), audiences: [] };
  return await authenticate(how(), { headers: readHeaders(request.rawHeaders), certificates });
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
    reader: index,
    authorizer: Promise.all(mirrors.map(({ ready }) => ready)).then(() => all),
    close: () => {
      for (const mirror of mirrors) mirror.close();
    },
  };
}

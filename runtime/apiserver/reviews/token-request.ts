/**
 * A new token of a service account, for a while and for whom it is asked: the subresource `token`, which kubelets and
 * `kubectl create token` write. (pkg/registry/core/serviceaccount/storage/token.go)
 */
import { accountClaims, type BoundReference } from '../authentication/account-claims.ts';
import type { BoundObjects } from '../authentication/bound-objects.ts';
import { signToken } from '../authentication/jwt.ts';
import type { SigningKey } from '../authentication/token-keys.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, objectAt, stringAt, stringsAt } from '../objects/read-path.ts';
import { ApiError, conflict, type FieldError, invalid, notFound } from '../status.ts';

export interface TokenIssuer {
  readonly issuer: string;
  readonly key: () => SigningKey;
  /** For whom a token is that names nobody: this server. */
  readonly ownAudiences: readonly string[];
  readonly objects: BoundObjects;
  /** Longer ones are cut; null for no bound but that of all, 2^32 seconds. */
  readonly longestSeconds: number | null;
  readonly nowMs: () => number;
  /** A random UUID. */
  readonly makeId: () => string;
}

export interface IssuedToken {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const usualSeconds = 3_600;
/** What kubelets ask for in place of tokens that never ended: such a one lives on for a year, and warns. */
const warnedSeconds = 3_607;
const extendedSeconds = 365 * 24 * 60 * 60;

/** @param namespace of the account, with its name those of the request. @throws ApiError */
export async function requestToken(
  issuer: TokenIssuer,
  namespace: string,
  name: string,
  request: ApiObject,
): Promise<IssuedToken> {
  checkPlace(request, namespace, name);
  const account = await issuer.objects.serviceAccount(namespace, name);
  if (account === null) throw notFound({ group: '', resource: 'serviceaccounts' }, name);
  const asked = askedSeconds(request);
  checkSeconds(asked);
  const bound = await findBound(issuer.objects, namespace, name, request);
  const nowSeconds = Math.floor(issuer.nowMs() / 1_000);
  const { longestSeconds } = issuer;
  const isCut = longestSeconds !== null && longestSeconds > 0 && asked > longestSeconds;
  const seconds = isCut ? longestSeconds : asked;
  const named = stringsAt(request, 'spec', 'audiences');
  const audiences = named.length === 0 ? issuer.ownAudiences : named;
  const isOwn = audiences.every((one) => issuer.ownAudiences.includes(one));
  const isExtended = bound.pod !== null && seconds === warnedSeconds && isOwn;
  const { key, keyId } = issuer.key();
  const claims = accountClaims({
    ...{ namespace, account: { name, uid: account.metadata.uid ?? '' }, ...bound },
    ...{ issuer: issuer.issuer, audiences, tokenId: issuer.makeId(), nowSeconds },
    validSeconds: isExtended ? extendedSeconds : seconds,
    warnAfterSeconds: isExtended ? seconds : null,
  });
  const status = {
    token: signToken(claims, key, keyId),
    expirationTimestamp: writeTime(nowSeconds + seconds),
  };
  const metadata = { ...request.metadata, name, namespace, creationTimestamp: writeTime(nowSeconds) };
  const spec = { ...objectAt(request, 'spec'), audiences, expirationSeconds: seconds };
  const warning = `requested expiration of ${asked} seconds shortened to ${longestSeconds} seconds`;
  return { object: { ...request, metadata, spec, status }, warnings: isCut ? [warning] : [] };
}

function checkPlace({ metadata }: ApiObject, namespace: string, name: string): void {
  const { name: ownName = '', namespace: ownNamespace = '' } = metadata;
  if (ownName !== '' && ownName !== name) {
    const why = 'must match the service account name if specified';
    throw invalid(kind, name, [wrong('metadata.name', ownName, why)]);
  }
  if (ownNamespace !== '' && ownNamespace !== namespace) {
    const why = 'must match the service account namespace if specified';
    throw invalid(kind, name, [wrong('metadata.namespace', ownNamespace, why)]);
  }
}

function askedSeconds(request: ApiObject): number {
  const { expirationSeconds } = objectAt(request, 'spec');
  return isSet(request, 'spec', 'expirationSeconds') ? Number(expirationSeconds) : usualSeconds;
}

function checkSeconds(seconds: number): void {
  const field = 'spec.expirationSeconds';
  if (!(seconds >= 600)) {
    throw invalid(kind, '', [wrong(field, seconds, 'may not specify a duration less than 10 minutes')]);
  }
  if (seconds > 2 ** 32) {
    throw invalid(kind, '', [wrong(field, seconds, 'may not specify a duration larger than 2^32 seconds')]);
  }
}

interface Bound {
  readonly pod: BoundReference | null;
  readonly secret: BoundReference | null;
  readonly node: BoundReference | null;
}

const nothing: Bound = { pod: null, secret: null, node: null };

async function findBound(
  objects: BoundObjects,
  namespace: string,
  account: string,
  request: ApiObject,
): Promise<Bound> {
  if (!isSet(request, 'spec', 'boundObjectRef')) return nothing;
  const read = (field: string): string => stringAt(request, 'spec', 'boundObjectRef', field);
  const [apiVersion, boundKind, name] = [read('apiVersion'), read('kind'), read('name')];
  const kindOfBound = apiVersion.includes('/') ? '' : boundKind;
  switch (kindOfBound) {
    case 'Pod': {
      const pod = checkBound(await objects.pod(namespace, name), 'Pod', 'pods', name, read('uid'));
      if (stringAt(pod, 'spec', 'serviceAccountName') !== account) {
        const why = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`;
        throw new ApiError('BadRequest', why);
      }
      return { ...nothing, pod: referenceTo(pod), node: await nodeOf(objects, pod) };
    }
    case 'Secret': {
      const secret = checkBound(
        await objects.secret(namespace, name),
        'Secret',
        'secrets',
        name,
        read('uid'),
      );
      return { ...nothing, secret: referenceTo(secret) };
    }
    case 'Node': {
      const node = checkBound(await objects.node(name), 'Node', 'nodes', name, read('uid'));
      return { ...nothing, node: referenceTo(node) };
    }
    default:
      throw new ApiError(
        'BadRequest',
        `cannot bind token to object of type ${apiVersion}, Kind=${boundKind}`,
      );
  }
}

/** A node that is gone, or not there yet, is told by its name. */
async function nodeOf(objects: BoundObjects, pod: ApiObject): Promise<BoundReference | null> {
  const name = stringAt(pod, 'spec', 'nodeName');
  if (name === '') return null;
  const node = await objects.node(name);
  return node === null ? { name, uid: '' } : referenceTo(node);
}

function checkBound(
  object: ApiObject | null,
  boundKind: string,
  resource: string,
  name: string,
  uid: string,
): ApiObject {
  if (object === null) throw notFound({ group: '', resource }, name);
  if (uid === '' || uid === object.metadata.uid) return object;
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict({ group: '', resource: boundKind }, name, why);
}

function referenceTo({ metadata }: ApiObject): BoundReference {
  return { name: metadata.name ?? '', uid: metadata.uid ?? '' };
}

/** `metav1.Time`: RFC 3339 in UTC, whole seconds. */
function writeTime(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
}

function wrong(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

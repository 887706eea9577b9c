/**
 * Whether what a service account's token is bound to is still there: the account, its pod, its Secret or its node. A
 * token of an account that was deleted, or made anew under its name, is worth nothing.
 * (pkg/serviceaccount/claims.go, legacy.go)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { stringAt } from '../objects/read-path.ts';
import { notFound } from '../status.ts';
import type { AccountClaims, BoundReference, LegacyClaims } from './account-claims.ts';
import { readAccountUserName } from './service-account-name.ts';
import { leewaySeconds } from './token-times.ts';

/** Reads of objects as they are now; null where there is none. */
export interface BoundObjects {
  readonly serviceAccount: (namespace: string, name: string) => Promise<ApiObject | null>;
  readonly pod: (namespace: string, name: string) => Promise<ApiObject | null>;
  readonly secret: (namespace: string, name: string) => Promise<ApiObject | null>;
  readonly node: (name: string) => Promise<ApiObject | null>;
}

/** Set by the cleaner of Secrets' tokens that nobody has used for long. */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** What is wrong; null where nothing is. */
export async function checkBoundObjects(
  objects: BoundObjects,
  claims: AccountClaims,
  nowMs: number,
): Promise<string | null> {
  const { namespace, account, secret, pod, node } = claims;
  const wrong = await checkAccount(objects, namespace, account, nowMs);
  if (wrong !== null) return wrong;
  if (secret !== null) {
    const why = checkOne('secret', await objects.secret(namespace, secret.name), secret, nowMs);
    if (why !== null) return why;
  }
  if (pod !== null) return checkOne('pod', await objects.pod(namespace, pod.name), pod, nowMs);
  // A pod's node is told and not asked for: the pod may outlive it.
  return node === null ? null : checkOne('node', await objects.node(node.name), node, nowMs);
}

/** What is wrong with a token out of a Secret; null where nothing is. */
export async function checkLegacyObjects(
  objects: BoundObjects,
  claims: LegacyClaims,
  token: string,
  nowMs: number,
): Promise<string | null> {
  const malformed = checkLegacyClaims(claims);
  if (malformed !== null) return malformed;
  const { namespace, account } = claims;
  const secret = await objects.secret(namespace, claims.secret);
  if (secret === null || isLongDeleted(secret, nowMs)) return 'service account token has been invalidated';
  if (Buffer.from(stringAt(secret, 'data', 'token'), 'base64').toString() !== token) {
    return "service account token does not match server's copy";
  }
  const wrong = await checkAccount(objects, namespace, account, nowMs);
  if (wrong !== null) return wrong;
  if (stringAt(secret, 'metadata', 'labels', invalidSinceLabel) === '') return null;
  return `the token in secret ${namespace}/${claims.secret} for service account ${namespace}/${account.name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`;
}

function checkLegacyClaims({ subject, namespace, secret, account }: LegacyClaims): string | null {
  if (subject === '') return 'sub claim is missing';
  if (namespace === '') return 'namespace claim is missing';
  if (secret === '') return 'secretName claim is missing';
  if (account.name === '') return 'serviceAccountName claim is missing';
  if (account.uid === '') return 'serviceAccountUID claim is missing';
  const named = readAccountUserName(subject);
  const isSame = named?.namespace === namespace && named.name === account.name;
  return isSame ? null : 'sub claim is invalid';
}

async function checkAccount(
  objects: BoundObjects,
  namespace: string,
  { name, uid }: BoundReference,
  nowMs: number,
): Promise<string | null> {
  const account = await objects.serviceAccount(namespace, name);
  if (account === null) return notFound({ group: '', resource: 'serviceaccounts' }, name).message;
  if (isLongDeleted(account, nowMs)) return `service account ${namespace}/${name} has been deleted`;
  const found = account.metadata.uid ?? '';
  return found === uid ? null : `service account UID (${found}) does not match claim (${uid})`;
}

function checkOne(
  kind: 'secret' | 'pod' | 'node',
  object: ApiObject | null,
  { uid }: BoundReference,
  nowMs: number,
): string | null {
  if (object === null || isLongDeleted(object, nowMs)) return 'service account token has been invalidated';
  const found = object.metadata.uid ?? '';
  return found === uid
    ? null
    : `${kind} UID (${found}) does not match service account ${kind} ref claim (${uid})`;
}

/** A moment is left to what is being deleted, as clocks differ. */
function isLongDeleted(object: ApiObject, nowMs: number): boolean {
  const { deletionTimestamp } = object.metadata;
  return (
    typeof deletionTimestamp === 'string' && Date.parse(deletionTimestamp) < nowMs - leewaySeconds * 1_000
  );
}

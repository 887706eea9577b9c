/**
 * Tokens with which machines ask for their first certificate: taken away when they expire, and used to sign what such a machine
 * reads before it knows whom to trust. (pkg/controller/bootstrap; k8s.io/cluster-bootstrap/token/jws) Pure.
 */
import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, stringAt, textEntriesAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { removalOf, type Write } from '../client/writes.ts';

export const tokenType = 'bootstrap.kubernetes.io/token';
const signaturePrefix = 'jws-kubeconfig-';

/** Milliseconds until it expires, not less than 0; null: never. What cannot be read has expired. */
export function expiresIn(secret: ApiObject, nowMs: number): number | null {
  const expiration = textOf(secret, 'expiration');
  if (expiration === '') return null;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(time) ? 0 : Math.max(0, time - nowMs);
}

export function planTokenEnd(secret: ApiObject | null, nowMs: number): readonly Write[] {
  if (secret === null || expiresIn(secret, nowMs) !== 0) return [];
  return [removalOf(resources.secrets, secret)];
}

/** @param clusterInfo the ConfigMap `kube-public/cluster-info`; null where there is none: nobody asks for it then */
export function planSignatures(
  clusterInfo: ApiObject | null,
  secrets: readonly ApiObject[],
  nowMs: number,
): readonly Write[] {
  const kubeconfig = stringAt(clusterInfo, 'data', 'kubeconfig');
  if (clusterInfo === null || kubeconfig === '') return [];
  const others = textEntriesAt(clusterInfo, 'data').filter(([key]) => !key.startsWith(signaturePrefix));
  const signatures = secrets
    .filter((secret) => signs(secret, nowMs))
    .map((secret): [string, string] => {
      const id = textOf(secret, 'token-id');
      return [`${signaturePrefix}${id}`, detachedSignature(kubeconfig, id, textOf(secret, 'token-secret'))];
    });
  const data = Object.fromEntries([...others, ...signatures]);
  if (isDeepStrictEqual(data, Object.fromEntries(textEntriesAt(clusterInfo, 'data')))) return [];
  return [{ kind: 'update', of: resources.configMaps, object: { ...clusterInfo, data } }];
}

function signs(secret: ApiObject, nowMs: number): boolean {
  const id = textOf(secret, 'token-id');
  return (
    !isSet(secret.metadata, 'deletionTimestamp') &&
    /^[a-z0-9]{6}$/.test(id) &&
    secret.metadata.name === `bootstrap-token-${id}` &&
    /^[a-z0-9]{16}$/.test(textOf(secret, 'token-secret')) &&
    expiresIn(secret, nowMs) !== 0 &&
    textOf(secret, 'usage-bootstrap-signing') === 'true'
  );
}

/** A JSON web signature without its content. (RFC 7515, appendix F) */
function detachedSignature(content: string, id: string, password: string): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const header = encode(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', password)
    .update(`${header}.${encode(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}

function textOf(secret: ApiObject, key: string): string {
  return Buffer.from(stringAt(secret, 'data', key), 'base64').toString();
}

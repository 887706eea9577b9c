/**
 * What the servers of other API groups have to know to believe this one: whose certificates its clients have, and by which
 * certificate it says on whose behalf it asks. (pkg/controlplane/controller/clusterauthenticationtrust) Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

export interface ExtensionAuthentication {
  /** Of the clients of this server, in PEM. */
  readonly clientAuthorities: string;
  /** Of the certificate with which it asks others, in PEM. */
  readonly proxyAuthority: string;
  /** The common names that count of those that it vouches for. */
  readonly proxyNames: readonly string[];
}

export const extensionAuthenticationPlace = {
  namespace: 'kube-system',
  name: 'extension-apiserver-authentication',
} as const;

/** @param existing null where there is none */
export function planExtensionAuthentication(
  { clientAuthorities, proxyAuthority, proxyNames }: ExtensionAuthentication,
  existing: ApiObject | null,
): readonly Write[] {
  const data = {
    'client-ca-file': clientAuthorities,
    'requestheader-allowed-names': JSON.stringify(proxyNames),
    'requestheader-client-ca-file': proxyAuthority,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
  const of = resources.configMaps;
  if (existing !== null) {
    if (isDeepStrictEqual(existing.data, data)) return [];
    return [{ kind: 'update', of, object: { ...existing, data } }];
  }
  const metadata = { ...extensionAuthenticationPlace };
  return [{ kind: 'create', of, object: { kind: 'ConfigMap', apiVersion: 'v1', metadata, data } }];
}

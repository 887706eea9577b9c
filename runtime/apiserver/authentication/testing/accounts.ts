/** A small cluster for tests of tokens: its keys, and reads of the objects that it has. */
import { generateKeyPairSync } from 'node:crypto';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { BoundObjects } from '../bound-objects.ts';
import {
  readSigningKey,
  readVerificationKeys,
  type SigningKey,
  type VerificationKey,
} from '../token-keys.ts';

export interface TestKey {
  readonly signing: SigningKey;
  readonly verification: VerificationKey;
  readonly publicPem: string;
}

export function makeKey(kind: 'rsa' | 'P-256' | 'P-384' | 'P-521' = 'rsa'): TestKey {
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind });
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const [verification] = readVerificationKeys([publicPem]);
  return {
    signing: readSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    verification: verification as VerificationKey,
    publicPem,
  };
}

export function makeObject(
  kind: string,
  namespace: string,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): ApiObject {
  const { metadata = {}, ...others } = more;
  const place = namespace === '' ? { name } : { name, namespace };
  return {
    kind,
    apiVersion: 'v1',
    metadata: { ...place, uid: `uid-of-${name}`, ...(metadata as object) },
    ...others,
  };
}

export function readsOf(objects: readonly ApiObject[]): BoundObjects {
  const find =
    (kind: string) =>
    async (namespace: string, name: string): Promise<ApiObject | null> =>
      objects.find(
        (one) =>
          one.kind === kind && one.metadata.name === name && (one.metadata.namespace ?? '') === namespace,
      ) ?? null;
  return {
    serviceAccount: find('ServiceAccount'),
    pod: find('Pod'),
    secret: find('Secret'),
    node: async (name) => await find('Node')('', name),
  };
}

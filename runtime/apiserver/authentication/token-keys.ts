/**
 * The keys of service account tokens: who signs, and whose signatures count, which may be several at once while keys are
 * changed. (pkg/serviceaccount/jwt.go, openidmetadata.go)
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmOf } from './jwt.ts';

export interface SigningKey {
  readonly key: KeyObject;
  readonly keyId: string;
}

/** Good for reading tokens. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly keyId: string;
}

/** @param pem of a private key. Throws `Error` for another text. */
export function readSigningKey(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  return { key, keyId: keyIdOf(createPublicKey(key)) };
}

/** @param pems of public or private keys. Throws `Error` for another text, and for keys that sign no tokens. */
export function readVerificationKeys(pems: readonly string[]): readonly VerificationKey[] {
  return pems.map((pem) => {
    const key = createPublicKey(pem);
    if (algorithmOf(key) === null)
      throw new Error('A key of service account tokens is neither RSA nor ECDSA');
    return { key, keyId: keyIdOf(key) };
  });
}

/** Those that a token may have been signed with: the one that it names, or all where it names none. */
export function keysFor(keys: readonly VerificationKey[], keyId: string): readonly VerificationKey[] {
  return keyId === '' ? keys : keys.filter((key) => key.keyId === keyId);
}

/** A document by which others learn how to read tokens. */
export interface IssuerDocument {
  readonly path: string;
  readonly mediaType: string;
  readonly text: string;
}

/** @param jwksUri for example `https://ADDRESS:6443/openid/v1/jwks`. */
export function issuerDocuments(
  issuer: string,
  jwksUri: string,
  verificationKeys: readonly VerificationKey[],
): readonly IssuerDocument[] {
  const keys = verificationKeys.map(({ key, keyId }) => {
    const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
    const curve = kty === 'EC' ? { crv } : {};
    return { use: 'sig', kty, kid: keyId, ...curve, alg: algorithmOf(key), x, y, n, e };
  });
  const configuration = {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))].sort(),
  };
  const jwksMediaType = 'application/jwk-set+json';
  return [
    { path: '/openid/v1/jwks', mediaType: jwksMediaType, text: JSON.stringify({ keys }) },
    {
      path: '/.well-known/openid-configuration',
      mediaType: 'application/json',
      text: JSON.stringify(configuration),
    },
  ];
}

/** Follows from the key, and tells nothing of it: the hash of its DER. */
function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

/**
 * The keys of an OpenID Connect provider: found through its discovery document, kept, and asked for again where a token
 * names one that is not among them, though not for every such token.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import https from 'node:https';
import { listAt, stringAt } from '../objects/read-path.ts';
import { readAnswer } from '../outgoing/read-answer.ts';
import type { ProviderKeys } from './oidc.ts';

export interface ProviderOptions {
  readonly issuer: string;
  /** PEM of the authorities that vouch for the provider; null for those of the machine. */
  readonly ca: string | null;
}

/** A document over HTTPS. Throws where there is none, or not JSON, or too large, or too late. */
export type FetchDocument = (url: string) => Promise<unknown>;

/** Unknown keys, as anybody can name them, make no more requests than one in so long. */
const shortestPauseMs = 10_000;
/** Then the keys are asked for again, so that one that was taken back is not trusted for ever. */
const longestAgeMs = 60 * 60 * 1_000;
const largestDocumentBytes = 1024 * 1024;
const requestTimeoutMs = 10_000;
/** A provider has a few, and each is tried where a token names none. */
const mostKeys = 64;

export function providerKeys(issuer: string, fetchDocument: FetchDocument): ProviderKeys {
  let known: readonly ProviderKey[] = [];
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;
  const find = (keyId: string): readonly KeyObject[] =>
    known.filter((one) => keyId === '' || one.keyId === keyId).map(({ key }) => key);
  const refresh = async (nowMs: number): Promise<void> => {
    askedAtMs = nowMs;
    known = await fetchKeys(issuer, fetchDocument);
    fetchedAtMs = nowMs;
  };
  return async (keyId, nowMs) => {
    const isWanted = find(keyId).length === 0 || nowMs - fetchedAtMs > longestAgeMs;
    if (isWanted && running === null && nowMs - askedAtMs >= shortestPauseMs) {
      running = refresh(nowMs).finally(() => {
        running = null;
      });
    }
    // Whoever asks meanwhile waits for the same answer; keys that are there serve while the provider does not answer.
    if (isWanted && running !== null) {
      await running.catch((error: unknown) => {
        if (find(keyId).length === 0) throw error;
      });
    }
    return find(keyId);
  };
}

/** Fetches with bounds: HTTPS only, no redirects, so many bytes, so much time. */
export function fetchFrom({ issuer, ca }: ProviderOptions): FetchDocument {
  if (new URL(issuer).protocol !== 'https:')
    throw new Error('The address of an OIDC provider begins with https');
  return (url) =>
    new Promise((resolve, reject) => {
      const request = https.get(url, {
        ...(ca === null ? {} : { ca }),
        signal: AbortSignal.timeout(requestTimeoutMs),
        headers: { accept: 'application/json' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        readAnswer(response, largestDocumentBytes)
          .then((bytes) => {
            if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
            return JSON.parse(bytes.toString()) as unknown;
          })
          .then(resolve, reject);
      });
    });
}

interface ProviderKey {
  readonly key: KeyObject;
  readonly keyId: string;
}

async function fetchKeys(issuer: string, fetchDocument: FetchDocument): Promise<readonly ProviderKey[]> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const configuration = await fetchDocument(address);
  const named = stringAt(configuration, 'issuer');
  if (named !== issuer) {
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${issuer} got ${named}`,
    );
  }
  const jwksUri = stringAt(configuration, 'jwks_uri');
  if (!jwksUri.startsWith('https://')) throw new Error(`The provider's keys are not under https: ${jwksUri}`);
  return listAt(await fetchDocument(jwksUri), 'keys')
    .slice(0, mostKeys)
    .flatMap(readKey);
}

/** Keys for other ends, and of kinds that nobody knows, are left out. */
function readKey(value: unknown): readonly ProviderKey[] {
  const use = stringAt(value, 'use');
  if (use !== '' && use !== 'sig') return [];
  try {
    const key = createPublicKey({ key: value as JsonWebKey, format: 'jwk' });
    return [{ key, keyId: stringAt(value, 'kid') }];
  } catch {
    return [];
  }
}

/**
 * Keys for images that nobody signs: the same for everybody, so that a recipe gives the same bytes for everybody. They
 * are made from a text that stands here, and so are worth nothing as a protection.
 */
import { checkPrimeSync, createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { makeCertificate } from './certificate.ts';
import type { EnrolmentName } from './enrolment.ts';
import { type ImageKeys, publicKeyPemOf } from './image-keys.ts';
import type { SigningIdentity } from './signed-data.ts';

const seed = 'Trivet development keys, version 1: known to everybody, protect nothing';
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2066-01-01T00:00:00Z') };
const publicExponent = 65537n;
const primeBytes = 128;
/** Divides out most candidates before the costly test. */
const smallPrimes = [
  3n,
  5n,
  7n,
  11n,
  13n,
  17n,
  19n,
  23n,
  29n,
  31n,
  37n,
  41n,
  43n,
  47n,
  53n,
  59n,
  61n,
  67n,
  71n,
];
/** PKCS#8 around an Ed25519 private key (RFC 8410, section 7). */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

let made: Promise<ImageKeys> | undefined;

/** Made once a process; it takes a second. */
export function developmentKeys(): Promise<ImageKeys> {
  made ??= makeKeys();
  return made;
}

async function makeKeys(): Promise<ImageKeys> {
  const [PK, KEK, db] = await Promise.all([makeIdentity('PK'), makeIdentity('KEK'), makeIdentity('db')]);
  const secret = createHash('sha256').update(`${seed} image`).digest();
  const filePrivateKey = createPrivateKey({
    key: Buffer.concat([ed25519Prefix, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    kind: 'development',
    secureBoot: { PK, KEK, db },
    ...{ filePrivateKey, publicKeyPem: publicKeyPemOf(filePrivateKey) },
  };
}

async function makeIdentity(name: EnrolmentName): Promise<SigningIdentity> {
  const privateKey = makeRsaKey(findPrime(`${name} p`), findPrime(`${name} q`));
  const certificate = await makeCertificate({
    ...{ name: `Trivet development ${name} (known to everybody)`, privateKey },
    ...validity,
  });
  return { certificate, privateKey };
}

/** The first prime of 1024 bits in a row of numbers that follows from the seed and `name`. */
function findPrime(name: string): bigint {
  for (let counter = 0; ; counter += 1) {
    const candidate = candidateOf(`${seed} ${name} ${counter}`);
    if (smallPrimes.some((prime) => candidate % prime === 0n)) continue;
    if ((candidate - 1n) % publicExponent !== 0n && checkPrimeSync(candidate)) return candidate;
  }
}

/** Odd, and with the two highest bits, so that the product of two has 2048. */
function candidateOf(text: string): bigint {
  const bytes = createHash('shake256', { outputLength: primeBytes }).update(text).digest();
  bytes[0]! |= 0xc0;
  bytes[primeBytes - 1]! |= 1;
  return BigInt(`0x${bytes.toString('hex')}`);
}

function makeRsaKey(p: bigint, q: bigint): KeyObject {
  const d = inverse(publicExponent, (p - 1n) * (q - 1n));
  const parts = {
    n: p * q,
    e: publicExponent,
    d,
    p,
    q,
    dp: d % (p - 1n),
    dq: d % (q - 1n),
    qi: inverse(q, p),
  };
  const key = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
  return createPrivateKey({ key: { kty: 'RSA', ...key }, format: 'jwk' });
}

/** The number x for which value * x leaves 1 when divided by modulus (extended Euclid). */
function inverse(value: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, value % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

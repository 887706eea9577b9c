/**
 * Who, besides the cluster's own, vouches for users of the Kubernetes API: OpenID Connect providers and proxies in front of it, as
 * kube-apiserver's `--oidc-*` and `--requestheader-*` have them.
 */
import * as z from 'zod';

const mostProviders = 16;
const mostNames = 64;

const text = z.string().min(1).max(1_024);
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, of letters, digits and hyphens');

/** In the configuration itself, since a device has no files but those of its image. */
const authoritiesSchema = z
  .string()
  .max(65_536)
  .regex(
    /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
    'must be certificates in PEM, from BEGIN CERTIFICATE to END CERTIFICATE',
  );

const providerSchema = z.strictObject({
  /** As the provider's tokens have it under `iss`. */
  issuer: z
    .string()
    .max(1_024)
    .regex(
      /^https:\/\/[^\s?#]+$/,
      'must be the https address of a provider, such as https://login.example.net',
    ),
  /** Tokens have to be meant for one of these (`aud`). */
  clientIds: z.array(text).min(1).max(mostNames),
  usernameClaim: text.default('sub'),
  /** Default: the issuer and `#`, or nothing where the claim is `email`; `-` is nothing. */
  usernamePrefix: text.optional(),
  /** Without one, users of the provider are in no groups. */
  groupsClaim: text.optional(),
  groupsPrefix: text.optional(),
  /** Claims that a token must have with these values. */
  requiredClaims: z.record(z.string(), z.string()).default({}),
  algorithms: z
    .array(z.enum(['RS256', 'ES256', 'ES384', 'ES512']))
    .min(1)
    .default(['RS256']),
  /** Who vouches for the provider's own certificate; those that the system trusts when absent. */
  ca: authoritiesSchema.optional(),
});

/** `api.oidc` */
export const oidcSchema = z
  .array(providerSchema)
  .max(mostProviders)
  .refine(
    (providers) => new Set(providers.map(({ issuer }) => issuer)).size === providers.length,
    'must name each issuer once',
  );

/** `api.frontProxy`: whoever shows a certificate of these authorities is believed whom it speaks for. */
export const frontProxySchema = z.strictObject({
  ca: authoritiesSchema,
  /** Common names of the proxies' certificates; everybody whom the authorities vouch for when empty. */
  allowedNames: z.array(text).max(mostNames).default([]),
  usernameHeaders: z.array(headerName).min(1).default(['X-Remote-User']),
  groupHeaders: z.array(headerName).default(['X-Remote-Group']),
  extraHeaderPrefixes: z.array(headerName).default(['X-Remote-Extra-']),
});

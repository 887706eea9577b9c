/** Who vouches for users of the API besides the cluster itself, as the configuration names them. */
import { X509Certificate } from 'node:crypto';
import type { FrontProxyTrust } from '../apiserver/authentication/authenticate.ts';
import { oidcTokens } from '../apiserver/authentication/oidc.ts';
import { fetchFrom, providerKeys } from '../apiserver/authentication/oidc-provider.ts';
import type { TokenAuthenticator } from '../apiserver/authentication/token-authenticator.ts';
import type { Config } from '../config/schema.ts';
import { splitBundle } from '../peers/trust.ts';

/** @param ownAudiences for whom tokens are good here */
export function providersOf(
  { oidc }: Config['api'],
  ownAudiences: readonly string[],
): readonly TokenAuthenticator[] {
  return oidc.map(({ ca = null, usernamePrefix = '', groupsClaim = '', groupsPrefix = '', ...provider }) => {
    const { issuer } = provider;
    const options = { ...provider, usernamePrefix, groupsClaim, groupsPrefix, ownAudiences };
    return oidcTokens(options, providerKeys(issuer, fetchFrom({ issuer, ca })));
  });
}

export function frontProxyOf({ frontProxy }: Config['api']): FrontProxyTrust | null {
  if (frontProxy === undefined) return null;
  const { ca, allowedNames, usernameHeaders, groupHeaders, extraHeaderPrefixes } = frontProxy;
  return {
    authorities: splitBundle(ca).map((pem) => new X509Certificate(pem)),
    allowedNames,
    headers: { user: usernameHeaders, group: groupHeaders, extraPrefix: extraHeaderPrefixes },
  };
}

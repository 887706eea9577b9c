import t from 'tap';
import { frontProxySchema, oidcSchema } from './api-authentication-schema.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const provider = { issuer: 'https://login.example.net', clientIds: ['kubernetes'] };

t.test('oidcSchema wants providers that can be asked, each once', async (t) => {
  t.match(oidcSchema.parse([provider]), [
    { usernameClaim: 'sub', algorithms: ['RS256'], requiredClaims: {} },
  ]);
  const why = (...providers: object[]): string => oidcSchema.safeParse(providers).error?.message ?? '';
  t.equal(why({ ...provider, groupsClaim: 'groups', ca: pem + pem }), '');
  t.match(why({ ...provider, issuer: 'http://login.example.net' }), /must be the https address/);
  t.match(why({ ...provider, issuer: 'https://h/?x=1' }), /must be the https address/);
  t.match(why({ ...provider, clientIds: [] }), /clientIds/);
  t.match(why({ ...provider, ca: '/etc/ca.pem' }), /must be certificates in PEM/);
  t.match(why({ ...provider, algorithms: ['HS256'] }), /algorithms/);
  t.match(why({ ...provider, clientId: 'kubernetes' }), /clientId/, 'a field that is none');
  t.match(why(provider, provider), /must name each issuer once/);
});

t.test('frontProxySchema wants authorities, and names of headers', async (t) => {
  t.match(frontProxySchema.parse({ ca: pem }), { allowedNames: [], usernameHeaders: ['X-Remote-User'] });
  const why = (value: object): string => frontProxySchema.safeParse(value).error?.message ?? '';
  t.match(why({}), /ca/);
  t.match(why({ ca: pem, usernameHeaders: [] }), /usernameHeaders/);
  t.match(why({ ca: pem, groupHeaders: ['X Group'] }), /must be the name of a header/);
});

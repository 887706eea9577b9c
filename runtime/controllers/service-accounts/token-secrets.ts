/**
 * Tokens of service accounts that lie in Secrets, for those who have asked for one there: filled in, and gone with their account.
 * (pkg/controller/serviceaccount/tokens_controller.go)
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { keyOf, placeIn, resources } from '../client/places.ts';
import { perform, removalOf, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';

export interface AccountTokens {
  /** One that is good as long as account and Secret are there. */
  readonly sign: (account: ApiObject, secretName: string) => string;
  /** Whether a token that was signed here is signed by a key that has been taken off since. */
  readonly isOver: (token: string) => boolean;
}

export interface ObservedToken {
  /** null where there is none any more */
  readonly secret: ApiObject | null;
  /** As the server has it now. */
  readonly account: ApiObject | null;
  /** PEM. */
  readonly certificate: string;
  readonly tokens: AccountTokens;
}

const nameKey = 'kubernetes.io/service-account.name';
const uidKey = 'kubernetes.io/service-account.uid';
const type = 'kubernetes.io/service-account-token';

export function planTokenSecret({ secret, account, certificate, tokens }: ObservedToken): readonly Write[] {
  if (secret === null || stringAt(secret, 'type') !== type || isSet(secret.metadata, 'deletionTimestamp'))
    return [];
  const wanted = stringAt(secret.metadata, 'annotations', uidKey);
  const isOwned = account !== null && (wanted === '' || wanted === account.metadata.uid);
  if (!isOwned) return [removalOf(resources.secrets, secret)];
  const { name = '', namespace = '' } = secret.metadata;
  const data = objectAt(secret, 'data');
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const ca = encode(certificate);
  const token = Buffer.from(stringAt(data, 'token'), 'base64').toString();
  const missing = {
    ...(certificate !== '' && data['ca.crt'] !== ca ? { 'ca.crt': ca } : {}),
    ...(stringAt(data, 'namespace') === '' ? { namespace: encode(namespace) } : {}),
    ...(token === '' || tokens.isOver(token) ? { token: encode(tokens.sign(account, name)) } : {}),
  };
  const uid = account.metadata.uid as string;
  if (Object.keys(missing).length === 0 && wanted === uid) return [];
  const annotations = { ...objectAt(secret.metadata, 'annotations'), [uidKey]: uid };
  const object = { ...secret, metadata: { ...secret.metadata, annotations }, data: { ...data, ...missing } };
  return [{ kind: 'update', of: resources.secrets, object }];
}

/** A CA is replaced while the cluster runs, and so are the keys that sign. */
const lookAgainMilliseconds = 30_000;

export function runTokenSecrets(
  context: ControllerContext,
  certificate: () => string,
  tokens: AccountTokens,
): void {
  const { manager, informers } = context;
  const secrets = informers.of(resources.secrets, { fieldSelector: `type=${type}` });
  const accounts = informers.of(resources.serviceAccounts);
  const accountOf = ({ metadata }: ApiObject): string => stringAt(metadata, 'annotations', nameKey);
  const secretsOf = ({ metadata }: ApiObject): readonly string[] =>
    secrets.lister
      .inNamespace(metadata.namespace ?? '')
      .filter((secret) => accountOf(secret) === metadata.name)
      .map(keyOf);
  runController(
    {
      name: 'token secrets',
      sources: [
        { informer: secrets, keysOf: (secret) => [keyOf(secret)] },
        { informer: accounts, keysOf: secretsOf },
      ],
      observe: async (key): Promise<ObservedToken> => {
        const secret = secrets.lister.byKey(key);
        const { namespace = '' } = secret?.metadata ?? {};
        const place = placeIn(resources.serviceAccounts, {
          namespace,
          name: secret === null ? '' : accountOf(secret),
        });
        // A copy that is behind must not cost a new account its token.
        const account = secret === null || place.name === '' ? null : await manager.find(place);
        return { secret, account, certificate: certificate(), tokens };
      },
      plan: planTokenSecret,
      act: (write: Write) => perform(manager, write),
      regularly: { keys: () => secrets.lister.all().map(keyOf), everyMilliseconds: lookAgainMilliseconds },
    },
    context,
  );
}

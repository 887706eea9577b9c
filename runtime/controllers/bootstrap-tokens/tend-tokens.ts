/** Looks after bootstrap tokens. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { keyOf, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';
import { expiresIn, planSignatures, planTokenEnd, tokenType } from './plan-tokens.ts';

const namespace = 'kube-system';
const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' };

export function runBootstrapTokens(context: ControllerContext): void {
  const { clock, informers } = context;
  const secrets = informers.of(resources.secrets, { fieldSelector: `type=${tokenType}` });
  const configMaps = informers.of(resources.configMaps);
  const isToken = ({ metadata }: ApiObject): boolean => metadata.namespace === namespace;
  const cleaner = context.clientOf('token-cleaner');
  runController<ApiObject | null, Write>(
    {
      name: 'token cleaner',
      sources: [{ informer: secrets, keysOf: (secret) => (isToken(secret) ? [keyOf(secret)] : []) }],
      observe: (key) => secrets.lister.byKey(key),
      plan: (secret) => planTokenEnd(secret, clock.wallNow()),
      act: (write) => perform(cleaner, write),
      againAfter: (secret) => (secret === null ? null : expiresIn(secret, clock.wallNow()) || null),
    },
    context,
  );
  const signer = context.clientOf('bootstrap-signer');
  const name = clusterInfo.name;
  runController<readonly Write[], Write>(
    {
      name: 'bootstrap signer',
      workers: 1,
      sources: [
        { informer: secrets, keysOf: (secret) => (isToken(secret) ? [name] : []) },
        {
          informer: configMaps,
          keysOf: ({ metadata }) =>
            metadata.name === name && metadata.namespace === clusterInfo.namespace ? [name] : [],
        },
      ],
      observe: () => {
        const found = configMaps.lister.get(clusterInfo.namespace, name);
        return planSignatures(found, secrets.lister.inNamespace(namespace), clock.wallNow());
      },
      plan: (writes) => writes,
      act: (write) => perform(signer, write),
    },
    context,
  );
}

/**
 * The certificate by which pods know the API server, as a ConfigMap in every namespace.
 * (pkg/controller/certificates/rootcacertpublisher)
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';
import { isActive, namespaceKeys } from '../namespaces/namespace-keys.ts';

export interface ObservedRootCa {
  /** null where there is none any more */
  readonly namespace: ApiObject | null;
  readonly configMap: ApiObject | null;
  /** PEM. */
  readonly certificate: string;
}

const name = 'kube-root-ca.crt';
const descriptionKey = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export function planRootCa({ namespace, configMap, certificate }: ObservedRootCa): readonly Write[] {
  if (namespace === null || !isActive(namespace)) return [];
  const annotations = { [descriptionKey]: description };
  const data = { 'ca.crt': certificate };
  if (configMap === null) {
    const metadata = { name, namespace: namespace.metadata.name as string, annotations };
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data };
    return [{ kind: 'create', of: resources.configMaps, object }];
  }
  const { metadata } = configMap;
  const known = objectAt(configMap, 'data');
  const isSame = Object.keys(known).length === 1 && known['ca.crt'] === certificate;
  if (isSame && stringAt(metadata, 'annotations', descriptionKey) !== '') return [];
  const next = { ...metadata, annotations: { ...objectAt(metadata, 'annotations'), ...annotations } };
  return [{ kind: 'update', of: resources.configMaps, object: { ...configMap, metadata: next, data } }];
}

/** A CA is replaced while the cluster runs. */
const lookAgainMilliseconds = 30_000;

/** @param certificate the CAs that are good now, in PEM */
export function runRootCa(context: ControllerContext, certificate: () => string): void {
  const client = context.clientOf('root-ca-cert-publisher');
  const namespaces = context.informers.of(resources.namespaces);
  const configMaps = context.informers.of(resources.configMaps);
  runController(
    {
      name: 'root CA',
      sources: [
        { informer: namespaces, keysOf: namespaceKeys },
        {
          informer: configMaps,
          keysOf: ({ metadata }) => (metadata.name === name ? [metadata.namespace ?? ''] : []),
        },
      ],
      observe: (key): ObservedRootCa => ({
        namespace: namespaces.lister.byKey(key),
        configMap: configMaps.lister.get(key, name),
        certificate: certificate(),
      }),
      plan: planRootCa,
      act: (write: Write) => perform(client, write),
      regularly: {
        keys: () => namespaces.lister.all().map(({ metadata }) => metadata.name ?? ''),
        everyMilliseconds: lookAgainMilliseconds,
      },
    },
    context,
  );
}

/** A service account `default` in every namespace. (pkg/controller/serviceaccount/serviceaccounts_controller.go) */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';
import { isActive, namespaceKeys } from '../namespaces/namespace-keys.ts';

export interface ObservedAccounts {
  /** null where there is none any more */
  readonly namespace: ApiObject | null;
  readonly hasDefault: boolean;
}

const name = 'default';

export function planDefaultAccount({ namespace, hasDefault }: ObservedAccounts): readonly Write[] {
  if (namespace === null || !isActive(namespace) || hasDefault) return [];
  const metadata = { name, namespace: namespace.metadata.name as string };
  const object = { kind: 'ServiceAccount', apiVersion: 'v1', metadata };
  return [{ kind: 'create', of: resources.serviceAccounts, object }];
}

export function runDefaultAccounts(context: ControllerContext): void {
  const client = context.clientOf('service-account-controller');
  const namespaces = context.informers.of(resources.namespaces);
  const accounts = context.informers.of(resources.serviceAccounts);
  runController(
    {
      name: 'service accounts',
      sources: [
        { informer: namespaces, keysOf: namespaceKeys },
        {
          informer: accounts,
          keysOf: ({ metadata }) => (metadata.name === name ? [metadata.namespace ?? ''] : []),
        },
      ],
      observe: (key): ObservedAccounts => ({
        namespace: namespaces.lister.byKey(key),
        hasDefault: accounts.lister.get(key, name) !== null,
      }),
      plan: planDefaultAccount,
      act: (write: Write) => perform(client, write),
    },
    context,
  );
}

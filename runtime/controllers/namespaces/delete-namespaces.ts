/** Deletes namespaces, with all that is in them. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { ApiClient } from '../client/api-client.ts';
import { discoverResources } from '../client/discover.ts';
import { keyOf, type ResourceName, resources } from '../client/places.ts';
import type { ControllerContext } from '../controller-context.ts';
import { timeOf } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import {
  type Content,
  isDeleted,
  type NamespaceAction,
  nextLookMilliseconds,
  type ObservedNamespace,
  planNamespaceDeletion,
} from './plan-deletion.ts';

const mostItems = 500;

export function runNamespaceDeletion(context: ControllerContext): void {
  const { clock } = context;
  const client = context.clientOf('namespace-controller');
  const namespaces = context.informers.of(resources.namespaces);
  const failures = new Map<string, string>();
  runController(
    {
      name: 'namespaces',
      workers: 4,
      sources: [{ informer: namespaces, keysOf: (object) => (isDeleted(object) ? [keyOf(object)] : []) }],
      observe: (key) => observe(client, namespaces.lister.byKey(key), failures, timeOf(clock.wallNow())),
      plan: planNamespaceDeletion,
      act: (action) => act(client, action, failures),
      againAfter: (observed) => nextLookMilliseconds(observed, clock.wallNow()),
    },
    context,
  );
}

async function observe(
  client: ApiClient,
  namespace: ApiObject | null,
  failures: ReadonlyMap<string, string>,
  now: string,
): Promise<ObservedNamespace> {
  if (namespace === null || !isDeleted(namespace)) return { namespace, contents: [], stale: [], now };
  const { name = '' } = namespace.metadata;
  const contents: Content[] = [];
  const found = await discoverResources(client);
  for (const resource of found.resources) {
    const { verbs, namespaced, isPreferred } = resource;
    if (!namespaced || !isPreferred || !verbs.includes('delete') || !verbs.includes('list')) continue;
    const { group, version, resource: plural } = resource;
    const of: ResourceName = { group, version, resource: plural };
    const content = await contentOf(client, of, name);
    if (content === null) continue;
    contents.push({ ...content, failure: content.failure || (failures.get(placeOf(of, name)) ?? '') });
  }
  return { namespace, contents, stale: found.stale, now };
}

/** What cannot be listed holds up the namespace, and not the rest of what is in it. */
async function contentOf(client: ApiClient, of: ResourceName, namespace: string): Promise<Content | null> {
  try {
    const list = await client.list({ ...of, namespace, metadataOnly: true }, { limit: mostItems });
    const count = list.items.length + list.remaining;
    return count === 0 ? null : { of, items: list.items, count, failure: '' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A definition of custom resources may have gone meanwhile, with all that was of it.
    return error.reason === 'NotFound' ? null : { of, items: [], count: 0, failure: error.message };
  }
}

async function act(client: ApiClient, action: NamespaceAction, failures: Map<string, string>): Promise<void> {
  if (action.kind !== 'removeAll') {
    await client.update(resources.namespaces, action.object, action.kind);
    return;
  }
  const { of, namespace } = action;
  const place = placeOf(of, namespace);
  failures.delete(place);
  try {
    await client.removeAll({ ...of, namespace });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The others go all the same, and the namespace says what is wrong.
    failures.set(place, error.message);
  }
}

function placeOf({ group, resource }: ResourceName, namespace: string): string {
  return `${namespace}/${group}/${resource}`;
}

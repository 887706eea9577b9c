/** Requests and a cluster for the tests of policies. */
import type { UserInfo } from '../../authentication/user.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import { builtInGroupVersions, findResource } from '../../resources/built-in.ts';
import { ApiError } from '../../status.ts';
import type { Asked } from '../plugin.ts';
import type { ReadResource, Reads } from '../reads.ts';

export const jane: UserInfo = { name: 'jane', uid: '', groups: ['system:authenticated'], extra: {} };

/** @param path `pods`, `deployments.apps/scale` */
export function ask(path: string, object: object | null, more: Partial<Asked> = {}): Asked {
  const [name = '', subresource = ''] = path.split('/');
  const [plural = '', ...group] = name.split('.');
  const candidates = builtInGroupVersions
    .filter((one) => one.group === group.join('.'))
    .map(({ version }) =>
      findResource(builtInGroupVersions, { group: group.join('.'), version, resource: plural }),
    );
  const resource = candidates.find((one) => one !== null) ?? null;
  if (resource === null) throw new Error(`there are no ${path}`);
  const metadata = (object as ApiObject | null)?.metadata ?? {};
  return {
    ...{ operation: 'CREATE', resource, subresource, user: jane, dryRun: false, options: {}, old: null },
    ...{
      namespace: resource.namespaced ? 'd' : '',
      name: metadata.name ?? 'x',
      warn: () => {},
      annotate: () => {},
    },
    object: object === null ? null : ({ ...object, metadata: { name: 'x', ...metadata } } as ApiObject),
    ...more,
  };
}

/** @param objects by `RESOURCE NAMESPACE/NAME` or `RESOURCE NAME` */
export function readsOf(objects: Readonly<Record<string, object>>): Reads {
  const all = Object.entries(objects).map(([key, object]) => {
    const [resource, place = ''] = key.split(' ');
    const name = place.slice(place.lastIndexOf('/') + 1);
    const { metadata } = object as Partial<ApiObject>;
    return { resource, place, object: { ...object, metadata: { name, ...metadata } } as ApiObject };
  });
  const of = (resource: ReadResource) => all.filter((one) => one.resource === resource);
  return {
    get: async (resource, namespace, name) => {
      const wanted = namespace === '' ? name : `${namespace}/${name}`;
      return of(resource).find(({ place }) => place === wanted)?.object ?? null;
    },
    list: async (resource, namespace) =>
      of(resource)
        .filter(({ place }) => namespace === '' || place.startsWith(`${namespace}/`))
        .map(({ object }) => object),
  };
}

/** What is said to who is refused; '' to who is not. */
export async function refusal(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome;
    return '';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.message;
  }
}

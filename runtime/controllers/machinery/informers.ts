/** One informer for each resource, whoever asks for it; it begins when it is first asked for. */
import type { Listed } from '../client/api-client.ts';
import type { ResourceName } from '../client/places.ts';
import { type Informer, type InformerOptions, openInformer } from './informer.ts';

export interface Informers {
  readonly of: (resource: ResourceName, part?: Pick<Listed, 'metadataOnly' | 'fieldSelector'>) => Informer;
}

export function openInformers(options: Omit<InformerOptions, 'of'>): Informers {
  const open = new Map<string, Informer>();
  return {
    of: ({ group, version, resource }, part = {}) => {
      const { metadataOnly = false, fieldSelector = '' } = part;
      const key = [group, version, resource, metadataOnly, fieldSelector].join('/');
      const known = open.get(key);
      if (known !== undefined) return known;
      const of: Listed = { group, version, resource, namespace: '', ...part };
      const informer = openInformer({ ...options, of });
      open.set(key, informer);
      return informer;
    },
  };
}

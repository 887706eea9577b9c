/** `pods/binding` and `bindings`: a scheduler gives a pod its node. */

import { placeOf } from '../apiserver/handlers/served-kind.ts';
import {
  answerWith,
  created,
  kindOf,
  readObjectOf,
  type SpecialHandler,
  type SpecialRequest,
} from '../apiserver/handlers/special.ts';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { ApiError, notFound } from '../apiserver/status.ts';
import { bindPod } from '../resources/core/binding.ts';

const bindingKind = { group: '', version: 'v1', kind: 'Binding' };
const pods = { group: '', version: 'v1', resource: 'pods' };

export const serveBinding: SpecialHandler = async (asked) => {
  const { object, warnings } = readObjectOf(asked, bindingKind);
  await bind(asked, object);
  return answerWith(asked, created, { code: 201, warnings });
};

async function bind(asked: SpecialRequest, binding: ApiObject): Promise<void> {
  const { info, query, admission } = asked.request;
  const name = info.subresource === '' ? (binding.metadata.name ?? '') : info.name;
  if (info.subresource !== '' && (binding.metadata.name ?? name) !== name) {
    throw new ApiError('BadRequest', `name in URL does not match name in Binding object`);
  }
  const kind = kindOf(asked, pods);
  const place = placeOf(kind, info.namespace, name);
  const dryRun = query.getAll('dryRun').length > 0;
  const decide = async (pod: ApiObject) => {
    const object = kind.normalize(bindPod(pod, binding, asked.service.surroundings.now()));
    await admission.validate({
      ...{ operation: 'CREATE', resource: kind.resource, subresource: 'binding', namespace: info.namespace },
      ...{ name, object: binding, old: null, dryRun, options: {}, warn: () => {} },
    });
    return { kind: 'store', object } as const;
  };
  const outcome = dryRun
    ? await kind.objects.foresee(place, decide)
    : await kind.objects.change(place, decide);
  if (outcome === null) throw notFound(kind.resource, name);
}

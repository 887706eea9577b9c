/** `pods/binding` and `bindings`: a scheduler gives a pod its node. */

import { type Admitted, admitCreate } from '../apiserver/handlers/admit.ts';
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
  const { info } = asked.request;
  const { object, warnings } = readObjectOf(asked, bindingKind);
  const name = info.subresource === '' ? (object.metadata.name ?? '') : info.name;
  const admitted = await admitCreate(asked, object, name);
  if ((admitted.object.metadata.name ?? name) !== name) {
    throw new ApiError('BadRequest', `name in URL does not match name in Binding object`);
  }
  await admitted.validate();
  await bind(asked, name, admitted);
  return answerWith(asked, created, { code: 201, warnings: [...warnings, ...admitted.warnings] });
};

async function bind(
  asked: SpecialRequest,
  name: string,
  { object: binding, dryRun }: Admitted,
): Promise<void> {
  const kind = kindOf(asked, pods);
  const place = placeOf(kind, asked.request.info.namespace, name);
  const decide = (pod: ApiObject) => {
    const object = kind.normalize(bindPod(pod, binding, asked.service.surroundings.now()));
    return { kind: 'store', object } as const;
  };
  const outcome = dryRun
    ? await kind.objects.foresee(place, decide)
    : await kind.objects.change(place, decide);
  if (outcome === null) throw notFound(kind.resource, name);
}

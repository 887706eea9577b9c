/** The kind of the object that a request is about. */

import type { ResourceName } from '../apiserver/handlers/kinds.ts';
import type { ServedKind } from '../apiserver/handlers/served-kind.ts';
import type { SpecialRequest } from '../apiserver/handlers/special.ts';

/** @param name in place of the request's own resource */
export function kindOf({ kinds, request: { info } }: SpecialRequest, name: ResourceName = info): ServedKind {
  const resource = kinds.resource(name);
  if (resource === null) throw new Error(`there is no resource ${name.resource}`);
  return kinds.served(resource);
}

/** `scale`: the number of replicas of whatever has some, read and written without knowing more of it. */

import { patchedBy, patchKindOf } from '../apiserver/handlers/patch.ts';
import { readText } from '../apiserver/handlers/read-body.ts';
import { placeOf, type ServedKind } from '../apiserver/handlers/served-kind.ts';
import {
  answerWith,
  readObjectOf,
  type SpecialHandler,
  type SpecialRequest,
} from '../apiserver/handlers/special.ts';
import { updateObject } from '../apiserver/handlers/update.ts';
import { readWriteOptions } from '../apiserver/handlers/write-options.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import type { JsonObject } from '../apiserver/schemas/protobuf/json-value.ts';
import { notFound } from '../apiserver/status.ts';
import { scaleOf, withScale } from '../resources/scale.ts';
import { kindOf } from './kind-of.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

export const serveScale: SpecialHandler = async (asked) => {
  const kind = kindOf(asked);
  const { info } = asked.request;
  if (info.verb === 'get') return answerWith(asked, scaleOf(await read(kind, asked)));
  const { change, warnings } = info.verb === 'patch' ? readPatch(asked) : readScale(asked);
  const options = readWriteOptions(asked.request.query, asked.request.userAgent, 'UpdateOptions', null);
  const { user, admission } = asked.request;
  const stored = await updateObject(
    kind,
    {
      ...{ ...options, user, admission, warn: () => {}, subresource: 'scale' },
      ...{ namespace: info.namespace, name: info.name },
      change: (current) => withScale(current, change(scaleOf(current))) as JsonObject,
    },
    asked.service.surroundings,
  );
  return answerWith(asked, scaleOf(decodeFromStore(stored.bytes, stored.revision)), { warnings });
};

type ScaleChange = { readonly change: (scale: ApiObject) => ApiObject; readonly warnings: readonly string[] };

function readScale(asked: SpecialRequest): ScaleChange {
  const { object, warnings } = readObjectOf(asked, scaleKind);
  return { change: () => object, warnings };
}

function readPatch({ request, service }: SpecialRequest): ScaleChange {
  const patchKind = patchKindOf(request.contentType ?? '');
  const { value } = readText(request.body, patchKind === 'apply' ? 'yaml' : 'json');
  const type = service.registry.kind(scaleKind);
  if (type === null) throw new Error('there is no schema of Scale');
  return {
    change: (scale) => patchedBy(type, patchKind, value, scale) as unknown as ApiObject,
    warnings: [],
  };
}

async function read(kind: ServedKind, { request: { info } }: SpecialRequest): Promise<ApiObject> {
  const stored = await kind.objects.get(placeOf(kind, info.namespace, info.name));
  if (stored === null) throw notFound(kind.resource, info.name);
  return decodeFromStore(stored.bytes, stored.revision);
}

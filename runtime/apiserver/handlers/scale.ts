/** `scale`: the number of replicas of whatever has some, read and written by the view that a kind has of them. */

import { type ApiObject, decodeFromStore } from '../objects/object-bytes.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { notFound } from '../status.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { placed } from './check-body.ts';
import { patchedBy, patchKindOf } from './patch.ts';
import { readText } from './read-body.ts';
import type { ApiAnswer } from './serve.ts';
import { placeOf, type ScaleView, type ServedKind } from './served-kind.ts';
import { answerWith, kindOf, readObjectOf, type SpecialHandler, type SpecialRequest } from './special.ts';
import { updateObject } from './update.ts';
import { readWriteOptions } from './write-options.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

export function scaleHandler(view: ScaleView): SpecialHandler {
  return async (asked) => await serveScale(view, asked);
}

async function serveScale(view: ScaleView, asked: SpecialRequest): Promise<ApiAnswer> {
  const kind = kindOf(asked);
  const { info } = asked.request;
  if (info.verb === 'get') return answerWith(asked, view.read(await read(kind, asked)));
  const { change, warnings } = info.verb === 'patch' ? readPatch(asked) : readScale(asked);
  const options = readWriteOptions(asked.request.query, asked.request.userAgent, 'UpdateOptions', null);
  const { user, admission } = asked.request;
  const said = new Set(warnings);
  const stored = await updateObject(
    kind,
    {
      ...{ ...options, user, subresource: 'scale' },
      ...{ admission: asScales(view, admission), warn: (sentence) => void said.add(sentence) },
      ...{ namespace: info.namespace, name: info.name },
      change: (current) => view.write(current, change(view.read(current))) as JsonObject,
    },
    asked.service.surroundings,
  );
  return answerWith(asked, view.read(decodeFromStore(stored.bytes, stored.revision)), {
    warnings: [...said],
  });
}

/** Policies see what is sent and what there is as scales. (pkg/registry/apps/deployment/storage, scaleUpdatedObjectInfo) */
function asScales(view: ScaleView, admission: Admission): Admission {
  const old = (request: AdmissionRequest) => request.old && view.read(request.old);
  return {
    mutate: async (request) => {
      const scale = view.read(request.object);
      const admitted = await admission.mutate({ ...request, object: scale, old: old(request) });
      return admitted === scale ? request.object : view.write(request.object, admitted);
    },
    validate: (request) =>
      admission.validate({
        ...request,
        ...{ object: request.object && view.read(request.object), old: old(request) },
      }),
  };
}

type ScaleChange = { readonly change: (scale: ApiObject) => ApiObject; readonly warnings: readonly string[] };

function readScale(asked: SpecialRequest): ScaleChange {
  const { object, warnings } = readObjectOf(asked, scaleKind);
  const scale = placed(object, asked.request.info);
  return { change: () => scale, warnings };
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

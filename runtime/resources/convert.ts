/** Kinds that are served in more than one form, between the form that is stored and the one that is asked for. Pure. */
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import type { GroupVersionKind } from '../apiserver/schemas/registry.ts';
import { autoscalerToV1, autoscalerToV2 } from './autoscaling/convert.ts';
import { eventFromCore, eventToCore } from './events/convert.ts';

/** By `FROM -> TO`, each `APIVERSION KIND`. */
const conversions: Readonly<Record<string, (object: ApiObject) => ApiObject>> = {
  'autoscaling/v1 HorizontalPodAutoscaler -> autoscaling/v2 HorizontalPodAutoscaler': autoscalerToV2,
  'autoscaling/v2 HorizontalPodAutoscaler -> autoscaling/v1 HorizontalPodAutoscaler': autoscalerToV1,
  'events.k8s.io/v1 Event -> v1 Event': eventToCore,
  'v1 Event -> events.k8s.io/v1 Event': eventFromCore,
};

/** The object in another form, itself where it has that form. Throws `Error` where there is no way: a fault of the program. */
export function convertStored(object: ApiObject, to: GroupVersionKind): ApiObject {
  const apiVersion = to.group === '' ? to.version : `${to.group}/${to.version}`;
  if (object.apiVersion === apiVersion && object.kind === to.kind) return object;
  const way = `${object.apiVersion} ${object.kind} -> ${apiVersion} ${to.kind}`;
  const convert = Object.hasOwn(conversions, way) ? conversions[way] : undefined;
  if (convert === undefined) throw new Error(`there is no conversion ${way}`);
  return convert(object);
}

/** Objects as a strategy gets them: as Go writes them, filled in, with the words of their errors. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { readGenerated, typesFile } from '../../apiserver/schemas/generated-files.ts';
import { decodeObject, encodeObject } from '../../apiserver/schemas/protobuf/codec.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import { Registry } from '../../apiserver/schemas/registry.ts';
import type { FieldError } from '../../apiserver/status.ts';

export const registry = new Registry(readGenerated(typesFile).toString());

export function written(object: object): ApiObject {
  return decodeObject(registry, encodeObject(registry, object as JsonObject)) as ApiObject;
}

/** As it is before it is prepared. */
export function filledIn(strategy: Strategy, object: object): ApiObject {
  const given = written(object);
  return strategy.fillIn === undefined ? given : written(strategy.fillIn(given));
}

/** As it is before it is checked. */
export function made(strategy: Strategy, object: object): ApiObject {
  const filled = filledIn(strategy, object);
  return strategy.prepareCreate === undefined ? filled : written(strategy.prepareCreate(filled));
}

/** As it is before it is checked, beside what was there. */
export function changed(strategy: Strategy, object: object, old: ApiObject): ApiObject {
  const filled = filledIn(strategy, object);
  return strategy.prepareUpdate === undefined ? filled : written(strategy.prepareUpdate(filled, old));
}

export function sentences(errors: readonly FieldError[] | undefined): readonly string[] {
  return (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
}

/** What is said of a new object. */
export function refusals(strategy: Strategy, object: object): readonly string[] {
  const whole = made(strategy, object);
  return sentences([...(strategy.check?.(whole) ?? []), ...(strategy.checkCreate?.(whole) ?? [])]);
}

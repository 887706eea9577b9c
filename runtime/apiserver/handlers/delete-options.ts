/** What a deletion asks for: `metav1.DeleteOptions`. */
import { isObject, type JsonObject } from '../schemas/protobuf/json-value.ts';
import type { ApiType, Registry } from '../schemas/registry.ts';
import { ApiError, invalid } from '../status.ts';
import type { ApiRequest } from './api-request.ts';
import type { DeleteRequest } from './delete.ts';
import { decodeBody, readEncoding, readText } from './read-body.ts';
import { checkDryRun } from './write-options.ts';

/** From the query, and from a body in any encoding, which wins. @throws ApiError (400, 415, 422) */
export function readDeleteOptions(
  registry: Registry,
  { query, body, contentType }: Pick<ApiRequest, 'query' | 'body' | 'contentType'>,
): Omit<DeleteRequest, 'name' | 'namespace' | 'user' | 'admission' | 'warn'> {
  return readDeleteOptionsOf(query, body.length === 0 ? {} : readSent(registry, body, contentType));
}

/** Objects of every kind are deleted with the same options: also those that have no protobuf of their own. */
function readSent(registry: Registry, body: Uint8Array, contentType: string | undefined): JsonObject {
  const encoding = readEncoding(contentType, true);
  const sent =
    encoding === 'protobuf'
      ? decodeBody(registry, body, optionsType(registry))
      : readText(body, encoding).value;
  if (isObject(sent) && (sent.kind ?? 'DeleteOptions') === 'DeleteOptions') return sent;
  throw new ApiError('BadRequest', 'decoded object cannot be converted to DeleteOptions');
}

function optionsType(registry: Registry): ApiType {
  const type = registry.kind({ group: '', version: 'v1', kind: 'DeleteOptions' });
  if (type === null) throw new Error('there is no schema of DeleteOptions');
  return type;
}

/** @param sent as an object, which wins over the query. @throws ApiError (422) */
export function readDeleteOptionsOf(
  query: URLSearchParams,
  sent: JsonObject,
): ReturnType<typeof readDeleteOptions> {
  const preconditions = isObject(sent.preconditions) ? sent.preconditions : {};
  const propagation = String(sent.propagationPolicy ?? query.get('propagationPolicy') ?? '');
  const dryRun = Array.isArray(sent.dryRun) ? sent.dryRun.map(String) : query.getAll('dryRun');
  const errors = checkDryRun(dryRun);
  if (!['', 'Background', 'Foreground', 'Orphan'].includes(propagation)) {
    const message = `Unsupported value: ${JSON.stringify(propagation)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    errors.push({ reason: 'FieldValueNotSupported', field: 'propagationPolicy', message });
  }
  const grace = sent.gracePeriodSeconds ?? query.get('gracePeriodSeconds');
  const graceSeconds = grace === null || grace === undefined || grace === '' ? null : Number(grace);
  if (graceSeconds !== null && !(Number.isInteger(graceSeconds) && graceSeconds >= 0)) {
    const message = `Invalid value: ${JSON.stringify(String(grace))}: must be a whole number of seconds, greater than or equal to 0`;
    errors.push({ reason: 'FieldValueInvalid', field: 'gracePeriodSeconds', message });
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    uid: String(preconditions.uid ?? ''),
    resourceVersion: String(preconditions.resourceVersion ?? ''),
    graceSeconds,
    propagation: propagation === '' ? null : (propagation as DeleteRequest['propagation']),
  };
}

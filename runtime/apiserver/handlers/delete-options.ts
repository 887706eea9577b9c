/** What a deletion asks for: `metav1.DeleteOptions`. */
import { isObject, type JsonObject } from '../schemas/protobuf/json-value.ts';
import { invalid } from '../status.ts';
import type { DeleteRequest } from './delete.ts';
import { readText } from './read-body.ts';
import { checkDryRun } from './write-options.ts';

/** From the query, and from a body in JSON, which wins. @throws ApiError */
export function readDeleteOptions(
  query: URLSearchParams,
  body: Uint8Array,
): Omit<DeleteRequest, 'name' | 'namespace' | 'user' | 'admission' | 'warn'> {
  const { value } = body.length === 0 ? { value: {} } : readText(body, 'json');
  return readDeleteOptionsOf(query, isObject(value) ? value : {});
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

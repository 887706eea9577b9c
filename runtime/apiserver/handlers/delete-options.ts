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
  const sent: JsonObject = isObject(value) ? value : {};
  const preconditions = isObject(sent.preconditions) ? sent.preconditions : {};
  const propagation = String(sent.propagationPolicy ?? query.get('propagationPolicy') ?? 'Background');
  const dryRun = Array.isArray(sent.dryRun) ? sent.dryRun.map(String) : query.getAll('dryRun');
  const errors = checkDryRun(dryRun);
  if (propagation !== 'Background' && propagation !== 'Foreground' && propagation !== 'Orphan') {
    const message = `Unsupported value: ${JSON.stringify(propagation)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    errors.push({ reason: 'FieldValueNotSupported', field: 'propagationPolicy', message });
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    uid: String(preconditions.uid ?? ''),
    resourceVersion: String(preconditions.resourceVersion ?? ''),
    propagation: propagation as DeleteRequest['propagation'],
  };
}

/** Whether the namespace of a request is one that a webhook, or a policy, is about. */
import { notFound } from '../../status.ts';
import type { Asked } from '../plugin.ts';
import type { Reads } from '../reads.ts';
import { matchesSelector } from './match-rules.ts';

/** A namespace is selected by its own labels; what is in none is always. @throws ApiError */
export async function matchesNamespace(reads: Reads, selector: unknown, asked: Asked): Promise<boolean> {
  const { resource, namespace, object, old } = asked;
  const isNamespace = resource.group === '' && resource.resource === 'namespaces';
  if (isNamespace) return matchesSelector(selector, (object ?? old)?.metadata.labels ?? {});
  // Most select everything, and then nothing needs to be read.
  if (namespace === '' || selectsAll(selector)) return true;
  const found = await reads.get('namespaces', '', namespace);
  if (found === null) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  return matchesSelector(selector, found.metadata.labels ?? {});
}

function selectsAll(selector: unknown): boolean {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as Record<string, object>;
  return Object.keys(matchLabels).length === 0 && Object.keys(matchExpressions).length === 0;
}

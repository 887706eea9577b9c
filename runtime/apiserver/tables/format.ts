/** Pieces of cells that several resources have. (kubernetes/pkg/printers/internalversion) Pure. */
import { isSet, listAt, objectAt, stringAt, stringsAt, textEntriesAt } from '../objects/read-path.ts';
import { type Column, wide } from './printer.ts';

/** `a=1,b=2`; `<none>` where there are none. */
export function formatLabels(labels: unknown): string {
  const entries = textEntriesAt(labels);
  return entries.length === 0 ? '<none>' : labelTerms(entries).join(',');
}

/** A `LabelSelector` as one writes it in a query; '' where it selects all or nothing. */
export function formatSelector(selector: unknown): string {
  const labels = textEntriesAt(selector, 'matchLabels');
  const terms = labels.map(([key, value]) => ({ key, term: `${key}=${value}` }));
  const expressions = listAt(selector, 'matchExpressions').map((expression) => {
    const key = stringAt(expression, 'key');
    return { key, term: formatExpression(key, expression) };
  });
  return [...terms, ...expressions]
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ term }) => term)
    .join(',');
}

/** The same, with `<none>` for ''. */
export function selectorOrNone(selector: unknown): string {
  return formatSelector(selector) || '<none>';
}

/** Three of many, or another number: `a,b,c + 2 more...`. */
export function formatMany(shown: readonly string[], total: number, separator = ','): string {
  const list = shown.join(separator);
  return total > shown.length ? `${list} + ${total - shown.length} more...` : list;
}

/** `Containers` and `Images` of the pods that it makes. @param path to the pod's spec. */
export function containerColumns(...path: readonly string[]): readonly [Column, Column] {
  const all = (object: unknown, field: string): string =>
    listAt(object, ...path, 'containers')
      .map((container) => stringAt(container, field))
      .join(',');
  return [
    wide('Containers', (object) => all(object, 'name'), {
      description: 'Names of each container in the template.',
    }),
    wide('Images', (object) => all(object, 'image'), {
      description: 'Images referenced by each container in the template.',
    }),
  ];
}

export function selectorColumn(...path: readonly string[]): Column {
  return wide('Selector', (object) => selectorOrNone(objectAt(object, ...path)));
}

/** Where a load balancer answers, each address once, sorted. */
export function balancerAddresses(object: unknown): readonly string[] {
  const ingress = listAt(object, 'status', 'loadBalancer', 'ingress');
  const all = ingress.map((item) => stringAt(item, 'ip') || stringAt(item, 'hostname'));
  return [...new Set(all.filter((item) => item !== ''))].sort();
}

/** The condition of a type; null where there is none. */
export function conditionOf(object: unknown, type: string, ...path: readonly string[]): unknown {
  const conditions = listAt(object, ...(path.length === 0 ? ['status', 'conditions'] : path));
  return conditions.find((condition) => stringAt(condition, 'type') === type) ?? null;
}

export function hasCondition(object: unknown, type: string): boolean {
  return stringAt(conditionOf(object, type), 'status') === 'True';
}

export function isDeleted(object: unknown): boolean {
  return isSet(object, 'metadata', 'deletionTimestamp');
}

/** In the order of bytes, as Go sorts. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function labelTerms(entries: readonly (readonly [string, string])[]): readonly string[] {
  return entries.map(([key, value]) => `${key}=${value}`).sort(compareText);
}

function formatExpression(key: string, expression: unknown): string {
  const values = stringsAt(expression, 'values').toSorted(compareText).join(',');
  switch (stringAt(expression, 'operator')) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/**
 * Field selectors as they stand in a query: `metadata.name=a,spec.nodeName!=b`. Which fields there are is the resource's
 * matter. (k8s.io/apimachinery/pkg/fields) Pure.
 */
import { SelectorError } from './label-selector.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** All requirements hold; none: everything is selected. */
export type FieldSelector = readonly FieldRequirement[];

/** @param valueAt the object's value of a field, '' where it has none. */
export function matchesFields(selector: FieldSelector, valueAt: (field: string) => string): boolean {
  return selector.every(({ field, equal, value }) => (valueAt(field) === value) === equal);
}

/** Reads a selector; a backslash keeps the meaning of `,`, `=` and itself from the value. Throws `SelectorError`. */
export function parseFieldSelector(text: string): FieldSelector {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map(parseTerm);
}

/** The value that the selector demands of a field, for a read of that one object; null where it leaves it open. */
export function requiredValue(selector: FieldSelector, field: string): string | null {
  return selector.find((requirement) => requirement.equal && requirement.field === field)?.value ?? null;
}

function parseTerm(term: string): FieldRequirement {
  const match = /^([^=!]*)(!=|==|=)([\s\S]*)$/.exec(term);
  if (match === null) throw new SelectorError(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, equal: operator !== '!=', value: unescapeValue(value) };
}

function splitTerms(text: string): readonly string[] {
  return text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? [];
}

function unescapeValue(value: string): string {
  if (/(?:^|[^\\])(?:\\\\)*\\(?![\\,=])/.test(value)) {
    throw new SelectorError(
      `invalid field selector: a backslash in "${value}" stands before none of '\\', ',' and '='`,
    );
  }
  if (/^(?:\\[\s\S]|[^\\=])*=/.test(value)) {
    throw new SelectorError(`invalid field selector: unescaped '=' in value "${value}"`);
  }
  return value.replace(/\\([\s\S])/g, '$1');
}

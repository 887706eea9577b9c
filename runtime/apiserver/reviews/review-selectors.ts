/** By what a review narrows the objects that it asks about. (pkg/registry/authorization/util/helpers.go) Pure. */
import { isSet, listAt, type Reader, stringAt, stringsAt } from '../objects/read-path.ts';
import { type FieldSelector, parseFieldSelector } from '../selectors/field-selector.ts';
import { SelectorError } from '../selectors/label-selector.ts';
import type { FieldError } from '../status.ts';

/** What cannot be read narrows nothing, so that less is allowed and not more. */
export function narrowedFields(asked: Reader): FieldSelector {
  const raw = stringAt(asked, 'fieldSelector', 'rawSelector');
  if (raw !== '') return readRaw(raw);
  return listAt(asked, 'fieldSelector', 'requirements').flatMap((requirement) => {
    const [value, ...others] = stringsAt(requirement, 'values');
    const operator = stringAt(requirement, 'operator');
    if (value === undefined || others.length > 0 || (operator !== 'In' && operator !== 'NotIn')) return [];
    return [{ field: stringAt(requirement, 'key'), equal: operator === 'In', value }];
  });
}

/** @param path of the attributes. */
export function checkSelectors(asked: Reader, path: string): readonly FieldError[] {
  return ['fieldSelector', 'labelSelector'].flatMap((field): readonly FieldError[] => {
    if (!isSet(asked, field)) return [];
    const raw = stringAt(asked, field, 'rawSelector');
    const hasRequirements = listAt(asked, field, 'requirements').length > 0;
    if (raw !== '' && hasRequirements) {
      const message = `Invalid value: ${JSON.stringify(raw)}: may not specified at the same time as requirements`;
      return [{ reason: 'FieldValueInvalid', field: `${path}.${field}.rawSelector`, message }];
    }
    if (raw !== '' || hasRequirements) return [];
    const message = `Required value: when ${path}.${field} is specified, requirements or rawSelector is required`;
    return [{ reason: 'FieldValueRequired', field: `${path}.${field}.requirements`, message }];
  });
}

function readRaw(text: string): FieldSelector {
  try {
    return parseFieldSelector(text);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return [];
  }
}

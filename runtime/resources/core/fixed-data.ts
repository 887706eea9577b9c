/** What config maps and secrets have in common: data, which can be fixed for good. Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';

const why = 'field is immutable when `immutable` is set';

export function checkFixedData(
  next: ApiObject,
  old: ApiObject,
  fields: readonly string[],
): readonly FieldError[] {
  if (old.immutable !== true) return [];
  return [
    ...when(next.immutable !== true, forbiddenField('immutable', why)),
    ...fields
      .filter((name) => !isSameJson((next[name] ?? {}) as JsonValue, (old[name] ?? {}) as JsonValue))
      .map((name) => forbiddenField(name, why)),
  ];
}

/** How many bytes a text in base64 stands for. Go writes no bytes as null. */
export function sizeOfBase64(text: string | null): number {
  return Buffer.byteLength(text ?? '', 'base64');
}

import t from 'tap';
import {
  duplicate,
  forbiddenField,
  invalidShown,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from './field-errors.ts';

t.test('field errors have the reasons and sentences of the real server', async (t) => {
  for (const [error, reason, message] of [
    [required('f'), 'FieldValueRequired', 'Required value'],
    [required('f', 'why'), 'FieldValueRequired', 'Required value: why'],
    [invalidValue('f', 'x', 'why'), 'FieldValueInvalid', 'Invalid value: "x": why'],
    [invalidValue('f', undefined, 'why'), 'FieldValueInvalid', 'Invalid value: null: why'],
    [invalidValue('f', 2n ** 60n, 'why'), 'FieldValueInvalid', 'Invalid value: 1152921504606846976: why'],
    [invalidShown('f', 'map[]', 'why'), 'FieldValueInvalid', 'Invalid value: map[]: why'],
    [
      notSupported('f', 'x', ['a', 'b']),
      'FieldValueNotSupported',
      'Unsupported value: "x": supported values: "a", "b"',
    ],
    [duplicate('f', 'x'), 'FieldValueDuplicate', 'Duplicate value: "x"'],
    [notFoundValue('f', 'x'), 'FieldValueNotFound', 'Not found: "x"'],
    [notFoundValue('f', 'x', 'why'), 'FieldValueNotFound', 'Not found: "x": why'],
    [forbiddenField('f', 'why'), 'FieldValueForbidden', 'Forbidden: why'],
    [tooLong('f', 9), 'FieldValueTooLong', 'Too long: may not be more than 9 bytes'],
    [tooMany('f', 9, 3), 'FieldValueTooMany', 'Too many: 9: must have at most 3 items'],
  ] as const) {
    t.same(error, { reason, field: 'f', message });
  }
});

import t from 'tap';
import {
  booleanAt,
  isSet,
  listAt,
  numberAt,
  objectAt,
  stringAt,
  stringsAt,
  textEntriesAt,
} from './read-path.ts';

const object = { a: { text: 'x', count: 2, list: [1], flag: false, nothing: null } };

t.test('values are read at a path, and what is of another type is none', async (t) => {
  t.equal(stringAt(object, 'a', 'text'), 'x');
  t.equal(stringAt(object, 'a', 'count'), '');
  t.equal(numberAt(object, 'a', 'count'), 2);
  t.equal(numberAt(object, 'a', 'text'), 0);
  t.same(listAt(object, 'a', 'list'), [1]);
  t.same(listAt(object, 'a'), []);
  t.same(stringsAt(['x', { toString: 1 }, null, 3, '']), ['x', '']);
  t.same(textEntriesAt({ a: { toString: 1 }, b: 'x' }), [['b', 'x']]);
  t.equal(objectAt(object, 'a'), object.a);
  t.same(objectAt(object, 'a', 'list'), {});
  t.equal(booleanAt(object, 'a', 'flag'), false);
  t.equal(booleanAt(object, 'a', 'missing'), null);
});

t.test('isSet takes false and 0 for set, null and what an object inherits not', async (t) => {
  t.equal(isSet(object, 'a', 'flag'), true);
  t.equal(isSet(object, 'a', 'nothing'), false);
  t.equal(isSet(object, 'toString'), false);
  t.equal(isSet(null, 'a'), false);
  t.equal(isSet('text', 'length'), false);
});

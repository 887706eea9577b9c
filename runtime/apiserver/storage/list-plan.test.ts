import fc from 'fast-check';
import t from 'tap';
import { ApiError } from '../status.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { type ListOptions, planList } from './list-plan.ts';

const nothing: ListOptions = { resourceVersion: '', resourceVersionMatch: '', continue: '', limit: '' };
const plan = (given: Partial<ListOptions>) => planList({ ...nothing, ...given });
const token = encodeContinue({ revision: 7, start: 'default/a\0' });

t.test('planList says which state is shown', async (t) => {
  t.same(plan({}), { kind: 'newest', limit: 0 });
  t.same(plan({ limit: '500' }), { kind: 'newest', limit: 500 });
  t.same(plan({ limit: '-1' }), { kind: 'newest', limit: 0 });
  t.same(plan({ resourceVersion: '0' }), { kind: 'any', limit: 0 });
  t.same(plan({ resourceVersion: '0', limit: '5' }), { kind: 'any', limit: 5 });
  t.same(plan({ resourceVersion: '17' }), { kind: 'notOlderThan', revision: 17, limit: 0 });
  t.same(plan({ resourceVersion: '17', limit: '5' }), { kind: 'exact', revision: 17, limit: 5 });
  t.same(plan({ resourceVersion: '17', resourceVersionMatch: 'Exact' }), {
    kind: 'exact',
    revision: 17,
    limit: 0,
  });
  t.same(plan({ resourceVersion: '17', limit: '5', resourceVersionMatch: 'NotOlderThan' }), {
    ...{ kind: 'notOlderThan', revision: 17, limit: 5 },
  });
  t.same(plan({ continue: token, limit: '5' }), {
    kind: 'continue',
    limit: 5,
    revision: 7,
    start: 'default/a\0',
  });
  t.match(plan({ continue: token, resourceVersion: '0' }), { kind: 'continue' });
});

t.test('planList refuses what contradicts itself, with the code of the real server', async (t) => {
  for (const [given, code, message] of [
    [{ resourceVersion: 'abc' }, 500, /Invalid value: "abc": .*invalid syntax/],
    [{ resourceVersion: '9'.repeat(30) }, 500, /out of range/],
    [{ resourceVersion: '-1' }, 500, /invalid syntax/],
    [{ limit: 'x' }, 400, /limit/],
    [{ continue: token, resourceVersion: '5' }, 400, /not allowed when using continue/],
    [{ continue: '!' }, 400, /continue key is not valid/],
    [
      { resourceVersionMatch: 'Exact' },
      422,
      /^ListOptions\.meta\.k8s\.io "" is invalid: resourceVersionMatch: Forbidden: .*unless/,
    ],
    [{ resourceVersionMatch: 'Exact', resourceVersion: '0' }, 422, /"exact" is forbidden/],
    [{ resourceVersionMatch: 'Some', resourceVersion: '1' }, 422, /Unsupported value: "Some"/],
    [
      { resourceVersionMatch: 'Exact', resourceVersion: '1', continue: token },
      422,
      /when continue is provided/,
    ],
  ] as const) {
    t.throws(() => plan(given), { name: 'ApiError', code, message }, JSON.stringify(given));
  }
});

t.test('a continue token comes back, and a forged one leads nowhere', async (t) => {
  t.same(decodeContinue(encodeContinue({ revision: -1, start: 'ä' })), { revision: -1, start: 'ä' });
  const forge = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const v = 'meta.k8s.io/v1';
  for (const forged of [
    '',
    'x',
    'A'.repeat(9000),
    forge(null),
    forge([]),
    forge({}),
    forge({ v, rv: 5 }),
    forge({ v, rv: 5, start: '' }),
    forge({ v, rv: 0, start: 'a' }),
    forge({ v, rv: -2, start: 'a' }),
    forge({ v, rv: 1.5, start: 'a' }),
    forge({ v: 'v2', rv: 5, start: 'a' }),
    forge({ v, rv: 5, start: '/secrets' }),
    forge({ v, rv: 5, start: 'a/../b' }),
  ]) {
    t.throws(() => decodeContinue(forged), { name: 'ApiError', code: 400 }, forged.slice(0, 40));
  }
});

t.test('planList plans or refuses, whatever it gets', async () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('', '0', '1', 'Exact', 'NotOlderThan', token));
  const options = fc.record({
    resourceVersion: word,
    resourceVersionMatch: word,
    continue: word,
    limit: word,
  });
  fc.assert(
    fc.property(options, (given) => {
      try {
        planList(given);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    }),
  );
});

import t from 'tap';
import { sentences } from '../testing/written.ts';
import { checkLabelSelector } from './label-selector.ts';

t.test('checkLabelSelector says what the real server says', async (t) => {
  for (const [selector, expected] of [
    [undefined, []],
    [{ matchLabels: { app: 'a' } }, []],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, []],
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      ["s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      [
        "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      ],
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
      ['s.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator'],
    ],
  ] as const) {
    t.same(sentences(checkLabelSelector(selector as never, 's')), expected, JSON.stringify(selector));
  }
  const [first] = sentences(checkLabelSelector({ matchLabels: { app: 'b ad' } }, 's'));
  t.match(first, /^s\.matchLabels: Invalid value: "b ad": a valid label must be an empty string/);
});

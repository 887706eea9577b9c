import t from 'tap';
import { compareVersions } from './version-order.ts';

/** Ascending; the examples of the version format specification (UAPI.10), and what recipes look like. */
const ascending = [
  ['~1', '', '1'],
  ['0.1.0', '0.1.1', '0.2', '0.10', '1.0~rc1', '1.0', '1.0-1', '1.0^1', '1.0.1', '9.0.0', '10'],
  [
    '122.1',
    '123~rc1-1',
    '123',
    '123-a',
    '123-a.1',
    '123-1',
    '123-1.1',
    '123^post1',
    '123.a-1',
    '123.1-1',
    '123a-1',
    '124-1',
  ],
  ['A', 'a', 'aa', 'b', '1'],
] as const;

t.test('compareVersions orders as systemd-boot sorts its entries', async (t) => {
  for (const list of ascending) {
    for (let i = 0; i < list.length; i += 1) {
      for (let j = 0; j < list.length; j += 1) {
        t.equal(
          Math.sign(compareVersions(list[i]!, list[j]!)),
          Math.sign(i - j),
          `"${list[i]}" and "${list[j]}"`,
        );
      }
    }
  }
});

t.test('compareVersions takes leading zeros and foreign characters for nothing', async (t) => {
  t.equal(compareVersions('1.02', '1.2'), 0);
  t.equal(compareVersions('1_2', '12') === 0, false);
  t.equal(compareVersions('_1.2+', '1.2'), 0);
});

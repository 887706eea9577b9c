import t from 'tap';
import { ageOf, humanDuration, parseTimestamp } from './human-duration.ts';

t.test('humanDuration rounds as kubectl does', async (t) => {
  const [m, h, d] = [60, 3600, 86400];
  for (const [seconds, expected] of [
    [-2, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [2 * m, '2m'],
    [2 * m + 1, '2m1s'],
    [9 * m + 59, '9m59s'],
    [10 * m, '10m'],
    [179 * m + 59, '179m'],
    [3 * h, '3h'],
    [3 * h + m, '3h1m'],
    [8 * h + m, '8h'],
    [47 * h + 59 * m, '47h'],
    [2 * d, '2d'],
    [2 * d + h, '2d1h'],
    [8 * d + h, '8d'],
    [729 * d, '729d'],
    [730 * d, '2y'],
    [731 * d, '2y1d'],
    [8 * 365 * d + 5 * d, '8y'],
  ] as const) {
    t.equal(humanDuration(seconds * 1000), expected, String(seconds));
  }
  t.equal(humanDuration(-500), '0s');
});

t.test('ageOf counts from a timestamp', async (t) => {
  const now = Date.UTC(2026, 0, 2);
  t.equal(ageOf('2026-01-01T00:00:00Z', now), '24h');
  t.equal(ageOf('2026-01-01T23:59:59.5Z', now), '0s');
  t.equal(ageOf('', now), '<unknown>');
  t.equal(ageOf('yesterday', now), '<unknown>');
  t.equal(parseTimestamp('1970-01-01T00:00:01.250000Z'), 1250);
});

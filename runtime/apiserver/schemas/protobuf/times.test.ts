import fc from 'fast-check';
import t from 'tap';
import { formatDuration, formatTime, parseDuration, parseTime } from './times.ts';

t.test('parseTime takes what Go takes as RFC 3339', async (t) => {
  t.same(parseTime('2006-01-02T15:04:05Z'), { seconds: 1_136_214_245, nanoseconds: 0 });
  t.same(parseTime('2006-01-02T15:04:05.123456789+01:30'), {
    seconds: 1_136_208_845,
    nanoseconds: 123_456_789,
  });
  t.same(parseTime('0001-01-01T00:00:00Z'), { seconds: -62_135_596_800, nanoseconds: 0 });
  t.same(parseTime('2024-02-29T23:59:59Z')?.seconds, 1_709_251_199);
  for (const wrong of [
    '',
    '2006-01-02',
    '2006-01-02 15:04:05Z',
    '2006-02-29T00:00:00Z',
    '2006-01-02T24:00:00Z',
    'Z',
  ]) {
    t.equal(parseTime(wrong), null, wrong);
  }
});

t.test('formatTime and parseTime are each other’s way back', async (t) => {
  const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, fc.nat(999_999), (value, micro) => {
      const instant = { seconds: value, nanoseconds: micro * 1000 };
      return JSON.stringify(parseTime(formatTime(instant, 6)!)) === JSON.stringify(instant);
    }),
  );
  t.equal(formatTime({ seconds: 253_402_300_800, nanoseconds: 0 }, 0), null);
  t.equal(formatTime({ seconds: -62_135_596_801, nanoseconds: 0 }, 0), null);
});

t.test('durations are written as Go writes them', async (t) => {
  const samples: readonly (readonly [bigint, string])[] = [
    [0n, '0s'],
    [1n, '1ns'],
    [1100n, '1.1µs'],
    [2_200_000n, '2.2ms'],
    [3_300_000_000n, '3.3s'],
    [245_000_000_000n, '4m5s'],
    [18_367_000_000_000n, '5h6m7s'],
    [-90_000_000_000n, '-1m30s'],
  ];
  for (const [nanoseconds, text] of samples) {
    t.equal(formatDuration(nanoseconds), text);
    t.equal(parseDuration(text), nanoseconds, text);
  }
  t.equal(parseDuration('1.5h'), 5_400_000_000_000n);
  for (const wrong of ['', '1', 'h', '1x', '1h ', '9999999999h', '.s'])
    t.equal(parseDuration(wrong), null, wrong);
});

t.test('formatDuration and parseDuration are each other’s way back', async () => {
  const all = fc.bigInt(-(2n ** 62n), 2n ** 62n);
  fc.assert(fc.property(all, (nanoseconds) => parseDuration(formatDuration(nanoseconds)) === nanoseconds));
});

import fc from 'fast-check';
import t from 'tap';
import { canonicalQuantity } from '../../apiserver/schemas/quantity.ts';
import { compareQuantities, isWholeQuantity, nanosOf, roundUpToMilli, sumOf, wholeOf } from './quantities.ts';

t.test('nanosOf counts in billionths', async (t) => {
  for (const [quantity, nanos] of [
    ['0', 0n],
    ['1', 1_000_000_000n],
    ['100m', 100_000_000n],
    ['1.5', 1_500_000_000n],
    ['-2', -2_000_000_000n],
    ['1Ki', 1024n * 10n ** 9n],
    ['0.5Gi', 2n ** 29n * 10n ** 9n],
    ['12e6', 12n * 10n ** 15n],
    ['1E', 10n ** 27n],
    ['5n', 5n],
    // Less than a billionth is one: who wants some gets some.
    ['0.0000000001', 1n],
    ['1e-999999', 1n],
    ['', 0n],
    ['no', 0n],
  ] as const) {
    t.equal(nanosOf(quantity), nanos, quantity);
  }
});

t.test('nanosOf takes an absurd quantity for a very large one, at once', async (t) => {
  t.ok(nanosOf('1e999999') > nanosOf('1000E'));
});

t.test('quantities are compared, rounded and added as amounts', async (t) => {
  t.equal(compareQuantities('1Gi', '1073741824'), 0);
  t.equal(compareQuantities('1G', '1Gi'), -1);
  t.equal(compareQuantities('1', '999m'), 1);
  t.equal(compareQuantities(undefined, '0'), 0);
  t.ok(isWholeQuantity('2'));
  t.notOk(isWholeQuantity('1500m'));
  t.equal(wholeOf('1500m'), 2n);
  t.equal(wholeOf('-1500m'), -2n);
  t.equal(sumOf(['1', '500m', undefined]), 1_500_000_000n);
  t.same(roundUpToMilli({ cpu: '1.0005', memory: '1Gi' }), { cpu: '1001m', memory: '1Gi' });
});

t.test('a quantity is as much in its canonical form', async () => {
  const unit = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'e3');
  const property = fc.property(fc.nat(10_000), fc.nat(999), unit, (whole, part, suffix) => {
    const quantity = `${whole}.${part}${suffix}`;
    return compareQuantities(quantity, canonicalQuantity(quantity)) === 0;
  });
  fc.assert(property);
});

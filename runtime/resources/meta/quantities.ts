/**
 * How much a quantity is (`100m`, `1.5Gi`). How one is written is `runtime/apiserver/schemas/quantity.ts`'s.
 * (k8s.io/apimachinery/pkg/api/resource) Pure.
 */
import { canonicalQuantity } from '../../apiserver/schemas/quantity.ts';

export type Quantities = Readonly<Record<string, string>>;

const nanosOfOne = 10n ** 9n;
const nanosOfMilli = 10n ** 6n;
/** Beyond it a quantity is just very large: more than any resource has, and still cheap to count with. */
const largestExponent = 40;

const pattern =
  /^([+-]?)(\d{0,100})(?:\.(\d{0,100}))?(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]?)|[eE]([+-]?\d{1,6}))$/;
const decimalExponents: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};
const binaryExponents: Readonly<Record<string, bigint>> = {
  ...{ Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n },
};

/** In billionths, rounded up; what is no quantity is none. */
export function nanosOf(quantity: unknown): bigint {
  const match = pattern.exec(String(quantity ?? ''));
  if (match === null) return 0n;
  const [, sign, whole = '', fraction = '', binary, decimal = '', scientific] = match;
  const digits = BigInt(`0${whole}${fraction}`);
  const places = -fraction.length;
  const amount =
    binary === undefined
      ? scaled(
          digits,
          places + (scientific === undefined ? decimalExponents[decimal]! : Number(scientific)) + 9,
        )
      : scaled(digits << binaryExponents[binary]!, places + 9);
  return sign === '-' ? -amount : amount;
}

export function compareQuantities(a: unknown, b: unknown): number {
  const difference = nanosOf(a) - nanosOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whether there is no fraction. */
export function isWholeQuantity(quantity: string): boolean {
  return nanosOf(quantity) % nanosOfOne === 0n;
}

/** As Go's `Value`: in ones, rounded up. */
export function wholeOf(quantity: string): bigint {
  return roundedUp(nanosOf(quantity), nanosOfOne) / nanosOfOne;
}

/** Nothing smaller than a thousandth is kept. */
export function roundUpToMilli(quantities: Quantities): Quantities {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, quantity]) => {
      const nanos = nanosOf(quantity);
      if (nanos % nanosOfMilli === 0n) return [name, quantity];
      return [name, canonicalQuantity(`${roundedUp(nanos, nanosOfMilli) / nanosOfMilli}m`) ?? quantity];
    }),
  );
}

export function sumOf(quantities: readonly unknown[]): bigint {
  return quantities.reduce<bigint>((sum, quantity) => sum + nanosOf(quantity), 0n);
}

function scaled(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(Math.min(exponent, largestExponent));
  // More places than there can be digits: less than a billionth, and that is rounded up.
  if (exponent < -220) return digits === 0n ? 0n : 1n;
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}

/** Away from zero, as Go rounds. */
function roundedUp(nanos: bigint, unit: bigint): bigint {
  const rest = nanos % unit;
  if (rest === 0n) return nanos;
  return nanos > 0n ? nanos - rest + unit : nanos - rest - unit;
}

/** What so many billionths are, in decimal units. */
export function writeQuantity(nanos: bigint): string {
  return canonicalQuantity(`${nanos}n`) ?? '0';
}

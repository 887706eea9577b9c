/** `quantity('1.5Gi')` and what can be asked of one. (k8s.io/apiserver/pkg/cel/library/quantity.go) Pure. */
import { canonicalQuantity } from '../../schemas/quantity.ts';
import { EvaluationError, spendFor } from '../budget.ts';
import type { FunctionTable } from '../signature.ts';
import type { OpaqueValue, Value } from '../values.ts';

/** In parts of ten to the power of `places`. */
interface Amount {
  readonly digits: bigint;
  readonly places: number;
}

const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;
const decimal: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};
const binary: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
/** Larger exponents are refused: whole numbers of that size are of no use, and cost much. */
const largestExponent = 100;

function readAmount(text: string): Amount | null {
  const match = canonicalQuantity(text) === null ? null : parts.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', power, unit = '', exponent] = match;
  const size = BigInt(`0${whole}${fraction}`) << (power === undefined ? 0n : (binary[power] as bigint));
  const scale = (exponent === undefined ? (decimal[unit] as number) : Number(exponent)) - fraction.length;
  if (Math.abs(scale) > largestExponent + fraction.length) return null;
  const digits = sign === '-' ? -size : size;
  return scale > 0 ? { digits: digits * 10n ** BigInt(scale), places: 0 } : { digits, places: -scale };
}

function quantity(amount: Amount): OpaqueValue {
  return {
    kind: 'opaque',
    name: 'kubernetes.Quantity',
    held: amount,
    equals: ({ held }) => compareAmounts(amount, held as Amount) === 0n,
  };
}

function amountOf(value: Value | undefined): Amount {
  if (typeof value === 'bigint') return { digits: value, places: 0 };
  return (value as OpaqueValue).held as Amount;
}

function aligned(a: Amount, b: Amount): readonly [bigint, bigint, number] {
  const places = Math.max(a.places, b.places);
  const at = ({ digits, places: own }: Amount): bigint => digits * 10n ** BigInt(places - own);
  return [at(a), at(b), places];
}

function compareAmounts(a: Amount, b: Amount): bigint {
  const [left, right] = aligned(a, b);
  return left < right ? -1n : left > right ? 1n : 0n;
}

function combined(values: readonly Value[], sign: bigint): OpaqueValue {
  const [a, b, places] = aligned(amountOf(values[0]), amountOf(values[1]));
  return quantity({ digits: a + sign * b, places });
}

function wholeOf({ digits, places }: Amount): bigint | null {
  const unit = 10n ** BigInt(places);
  const value = digits / unit;
  return digits % unit === 0n && value >= -(2n ** 63n) && value < 2n ** 63n ? value : null;
}

export const quantities: FunctionTable = {
  '::quantity(string): Quantity': ([text], budget) => {
    spendFor(budget, (text as string).length);
    const amount = readAmount(text as string);
    if (amount === null)
      throw new EvaluationError(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    return quantity(amount);
  },
  '::isQuantity(string): bool': ([text], budget) => {
    spendFor(budget, (text as string).length);
    return readAmount(text as string) !== null;
  },
  'Quantity.sign(): int': ([value]) => compareAmounts(amountOf(value), { digits: 0n, places: 0 }),
  'Quantity.isInteger(): bool': ([value]) => wholeOf(amountOf(value)) !== null,
  'Quantity.asInteger(): int': ([value]) => {
    const whole = wholeOf(amountOf(value));
    if (whole === null) throw new EvaluationError('cannot convert value to integer');
    return whole;
  },
  'Quantity.asApproximateFloat(): double': ([value]) => {
    const { digits, places } = amountOf(value);
    return Number(`${digits}e-${places}`);
  },
  'Quantity.isGreaterThan(Quantity): bool': ([a, b]) => compareAmounts(amountOf(a), amountOf(b)) === 1n,
  'Quantity.isLessThan(Quantity): bool': ([a, b]) => compareAmounts(amountOf(a), amountOf(b)) === -1n,
  'Quantity.compareTo(Quantity): int': ([a, b]) => compareAmounts(amountOf(a), amountOf(b)),
  'Quantity.add(Quantity): Quantity': (values) => combined(values, 1n),
  'Quantity.add(int): Quantity': (values) => combined(values, 1n),
  'Quantity.sub(Quantity): Quantity': (values) => combined(values, -1n),
  'Quantity.sub(int): Quantity': (values) => combined(values, -1n),
};

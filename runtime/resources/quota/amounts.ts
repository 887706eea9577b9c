/** Sums of quantities, in the units of the first that is something, as Go writes them. (k8s.io/apiserver/pkg/quota/v1) Pure. */
import { canonicalQuantity } from '../../apiserver/schemas/quantity.ts';
import { nanosOf, type Quantities } from '../meta/quantities.ts';

const nanosOfOne = 10n ** 9n;
const binaryUnits = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'];

export function addQuantities(a: Quantities, b: Quantities): Quantities {
  return combine(a, b, (first, second) => format(nanosOf(first) + nanosOf(second), unitOf(first, second)));
}

/** By how much the first is more than the second; what is not more is left out. */
export function moreThan(a: Quantities, b: Quantities): Quantities {
  const more = Object.entries(a).flatMap(([name, quantity]) => {
    const nanos = nanosOf(quantity) - nanosOf(b[name]);
    return nanos > 0n ? [[name, format(nanos, unitOf(quantity, quantity))] as const] : [];
  });
  return Object.fromEntries(more);
}

/** The larger of both, each by itself. */
export function maxQuantities(a: Quantities, b: Quantities): Quantities {
  return combine(a, b, (first, second) => (nanosOf(second) > nanosOf(first) ? second : first));
}

export function sumQuantities(all: readonly Quantities[]): Quantities {
  return all.reduce(addQuantities, {});
}

/** Nothing smaller than one is kept: rounded up, as storage is. */
export function wholeQuantity(quantity: string): string {
  const nanos = nanosOf(quantity);
  if (nanos % nanosOfOne === 0n) return quantity;
  return format((nanos / nanosOfOne + 1n) * nanosOfOne, unitOf(quantity, quantity));
}

function combine(a: Quantities, b: Quantities, both: (first: string, second: string) => string): Quantities {
  const result: Record<string, string> = { ...a };
  for (const [name, quantity] of Object.entries(b)) {
    const first = result[name];
    result[name] = first === undefined ? quantity : both(first, quantity);
  }
  return result;
}

function unitOf(first: string, second: string): 'binary' | 'decimal' {
  const said = nanosOf(first) === 0n ? second : first;
  return said.endsWith('i') ? 'binary' : 'decimal';
}

function format(nanos: bigint, unit: 'binary' | 'decimal'): string {
  const whole = nanos / nanosOfOne;
  if (unit === 'decimal' || nanos % nanosOfOne !== 0n) return canonicalQuantity(`${nanos}n`) ?? '0';
  const index = binaryUnits.findIndex((_, at) => whole % 1024n ** BigInt(6 - at) === 0n);
  if (whole === 0n || index < 0) return String(whole);
  return `${whole / 1024n ** BigInt(6 - index)}${binaryUnits[index]}`;
}

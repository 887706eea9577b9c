/**
 * Quantities (`100m`, `1.5Gi`, `12e6`) in the form that Kubernetes writes them in, by the rules of
 * k8s.io/apimachinery/pkg/api/resource: nothing smaller than a nano, the largest unit that leaves no fraction, and what
 * is in that form already stays as it is.
 */

type Format = 'decimalSI' | 'decimalExponent' | 'binarySI';

interface Unit {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: Format;
}

const decimalUnits: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};
const binaryUnits: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

const nano = -9;
/** Digits that fit into 64 bits for certain. */
const certainDigits = 18;
const largest = 2n ** 63n - 1n;
/** Longer than anybody means, and cheap to read. */
const longestText = 200;
const longestExponent = 6;

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;

/** Null when the text is no quantity. */
export function canonicalQuantity(text: string): string | null {
  const match = text.length > longestText ? null : pattern.exec(text);
  const unit = match === null ? null : readUnit(match[4]!);
  if (text === '' || match === null || unit === null) return null;
  const whole = match[2]!.replace(/^0+/, '') || '0';
  const fraction = match[3] ?? '';
  const isNegative = match[1] === '-';
  if (isCanonical(whole, fraction, unit)) return text;
  return unit.base === 2
    ? formatBinary(BigInt(whole + fraction) << BigInt(unit.exponent), fraction.length, isNegative)
    : formatDecimal(BigInt(whole + fraction), unit.exponent - fraction.length, unit.format, isNegative, text);
}

function readUnit(suffix: string): Unit | null {
  const decimal = decimalUnits[suffix];
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'decimalSI' };
  const binary = binaryUnits[suffix];
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'binarySI' };
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix)?.[1];
  if (exponent === undefined || exponent.length > longestExponent) return null;
  return { base: 10, exponent: Number(exponent), format: 'decimalExponent' };
}

/** What Kubernetes keeps as it was written. */
function isCanonical(whole: string, fraction: string, { base, exponent }: Unit): boolean {
  if (base === 2) {
    const spare = 15 - whole.length - Math.floor((exponent * 3) / 10) - 1;
    return fraction === '' && spare >= 0 && Number(whole) % 8 !== 0;
  }
  const digits = whole + fraction;
  const scale = exponent - fraction.length;
  const isShort = digits.length <= certainDigits && scale >= nano;
  return isShort && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** @param amount times ten to the power of `scale`. */
function formatDecimal(
  amount: bigint,
  scale: number,
  format: Format,
  isNegative: boolean,
  text: string,
): string {
  if (amount === 0n) return '0';
  let [digits, exponent] = roundedUp(amount, scale);
  while (digits % 10n === 0n) {
    digits /= 10n;
    exponent += 1;
  }
  while (exponent % 3 !== 0) {
    digits *= 10n;
    exponent -= 1;
  }
  const number = `${isNegative ? '-' : ''}${digits}`;
  if (format === 'decimalExponent') return exponent === 0 ? number : `${number}e${exponent}`;
  const suffix = Object.keys(decimalUnits).find((unit) => decimalUnits[unit] === exponent);
  // Larger than there is a unit for.
  return suffix === undefined ? text : `${number}${suffix}`;
}

/** Who wants some of a resource gets some, even when it is less than a nano. */
function roundedUp(amount: bigint, scale: number): readonly [bigint, number] {
  if (scale >= nano) return [amount, scale];
  const dropped = nano - scale;
  // More places than digits: less than one nano.
  if (dropped > String(amount).length) return [1n, nano];
  const divisor = 10n ** BigInt(dropped);
  return [(amount + divisor - 1n) / divisor, nano];
}

/** @param amount in parts of ten to the power of `places`. */
function formatBinary(amount: bigint, places: number, isNegative: boolean): string {
  const [digits, scale] = roundedUp(amount, -places);
  const unit = 10n ** BigInt(-scale);
  const isWhole = digits % unit === 0n;
  const capped = digits > largest * unit ? largest : digits / unit;
  if (capped < 1024n || (!isWhole && capped !== largest)) {
    return formatDecimal(digits, scale, 'decimalSI', isNegative, '');
  }
  let [number, power] = [capped, 0];
  while (number % 1024n === 0n) {
    number /= 1024n;
    power += 10;
  }
  const suffix = Object.keys(binaryUnits).find((name) => binaryUnits[name] === power) ?? '';
  return `${isNegative ? '-' : ''}${number}${suffix}`;
}

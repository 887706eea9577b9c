/**
 * Reads a QR code of version 3 as ISO/IEC 18004 has it: format, mask, the way through the modules, the check of its
 * Reed-Solomon code, and the alphanumeric segment. Written from the standard, not from what draws the codes.
 */

const size = 29;
/** Version 3 with level M: one block. */
const codewords = 70;
const dataCodewords = 44;
const characters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

type Modules = readonly (readonly boolean[])[];

/** The modules that the path of a label draws. */
export function modulesOfSvg(svg: string): Modules {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g))
    for (let i = 0; i < Number(length); i += 1) rows[Number(y)]![Number(x) + i] = true;
  return rows;
}

/** Throws what is wrong with the code. */
export function readQr(modules: Modules): string {
  const bits = readBits(modules, readMask(modules));
  const words = Array.from({ length: codewords }, (_, i) => number(bits.slice(8 * i, 8 * i + 8)));
  if (!isWholeBlock(words)) throw new Error('the error correction does not fit');
  return readText(bits.slice(0, 8 * dataCodewords));
}

/** Both copies of the format information, in the order of their bits from the highest on. */
function readMask(modules: Modules): number {
  const first = [
    ...[0, 1, 2, 3, 4, 5, 7, 8].map((x) => modules[8]![x]!),
    ...[7, 5, 4, 3, 2, 1, 0].map((y) => modules[y]![8]!),
  ];
  const second = [
    ...Array.from({ length: 7 }, (_, i) => modules[size - 1 - i]![8]!),
    ...Array.from({ length: 8 }, (_, i) => modules[8]![size - 8 + i]!),
  ];
  if (number(first) !== number(second)) throw new Error('the format stands there in two ways');
  const format = number(first) ^ 0b101010000010010;
  if (format >> 13 !== 0) throw new Error('the level is not M');
  return (format >> 10) & 7;
}

const masks: readonly ((y: number, x: number) => boolean)[] = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

/** Up and down in columns of two, from the right, around what is no data. */
function readBits(modules: Modules, mask: number): boolean[] {
  const bits: boolean[] = [];
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right -= 1;
    for (let step = 0; step < size; step += 1) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1])
        if (!isFunction(y, x)) bits.push(modules[y]![x]! !== masks[mask]!(y, x));
    }
    up = !up;
  }
  return bits;
}

function isFunction(y: number, x: number): boolean {
  const isFinder = (x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8);
  const isAlignment = Math.abs(x - 22) <= 2 && Math.abs(y - 22) <= 2;
  return isFinder || isAlignment || x === 6 || y === 6;
}

/** The codewords as a polynomial vanish at the first 26 powers of 2 in GF(256), modulo 0x11d. */
function isWholeBlock(words: readonly number[]): boolean {
  let power = 1;
  for (let i = 0; i < codewords - dataCodewords; i += 1) {
    if (words.reduce((sum, word) => multiply(sum, power) ^ word, 0) !== 0) return false;
    power = multiply(power, 2);
  }
  return true;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

function readText(bits: readonly boolean[]): string {
  if (number(bits.slice(0, 4)) !== 0b0010) throw new Error('the text is not alphanumeric');
  const count = number(bits.slice(4, 13));
  let at = 13;
  let text = '';
  while (text.length < count) {
    const isPair = count - text.length > 1;
    const value = number(bits.slice(at, at + (isPair ? 11 : 6)));
    text += isPair ? characters[Math.floor(value / 45)]! + characters[value % 45]! : characters[value]!;
    at += isPair ? 11 : 6;
  }
  return text;
}

function number(bits: readonly boolean[]): number {
  return bits.reduce((value, bit) => 2 * value + Number(bit), 0);
}

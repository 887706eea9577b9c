/** The words of an expression. (cel-spec, doc/langdef.md, Syntax) Pure. */
import { SyntaxFault } from './syntax.ts';
import type { Value } from './values.ts';

export type Token =
  | { readonly kind: 'name' | 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'literal'; readonly text: string; readonly value: Value; readonly at: number }
  | { readonly kind: 'end'; readonly text: '<EOF>'; readonly at: number };

const space = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const number =
  /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const name = /[A-Za-z_]\w*/y;
const sign = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;
const stringStart = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y;

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Throws `SyntaxFault`. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const blank = match(space);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const token = readString(text, at, match) ?? readPlain(at, match);
    if (token === null) {
      const character = JSON.stringify(text[at]).slice(1, -1);
      throw new SyntaxFault(at, `Syntax error: token recognition error at: '${character}'`);
    }
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: 'end', text: '<EOF>', at: text.length }];
}

type Match = (pattern: RegExp) => RegExpExecArray | null;

function readPlain(at: number, match: Match): Token | null {
  const [word] = match(name) ?? [];
  if (word !== undefined) {
    const value = constants.get(word);
    return value === undefined
      ? { kind: 'name', text: word, at }
      : { kind: 'literal', text: word, value, at };
  }
  const [digits] = match(number) ?? [];
  if (digits !== undefined) return { kind: 'literal', text: digits, value: readNumber(digits, at), at };
  const [mark] = match(sign) ?? [];
  return mark === undefined ? null : { kind: 'sign', text: mark, at };
}

/** The least int has no positive counterpart: the parser looks for it behind a minus. */
export const leastInt = -(2n ** 63n);
const mostUint = 2n ** 64n - 1n;

function readNumber(digits: string, at: number): Value {
  const isHex = /^0x/i.test(digits);
  if (/u$/i.test(digits)) {
    const value = BigInt(digits.slice(0, -1));
    if (value > mostUint) throw new SyntaxFault(at, 'invalid uint literal');
    return { kind: 'uint', value };
  }
  if (!isHex && /[.eE]/.test(digits)) return Number(digits);
  const value = BigInt(digits);
  if (value > -leastInt) throw new SyntaxFault(at, 'invalid int literal');
  return value;
}

function readString(text: string, at: number, match: Match): Token | null {
  const start = match(stringStart);
  if (start === null) return null;
  const quote = start[1] as string;
  const prefix = start[0].slice(0, -quote.length).toLowerCase();
  const from = at + start[0].length;
  const isRaw = prefix.includes('r');
  const end = findEnd(text, from, quote, isRaw);
  if (end === -1)
    throw new SyntaxFault(at, `Syntax error: token recognition error at: '${text.slice(at, at + 20)}'`);
  const inner = text.slice(from, end);
  const isBytes = prefix.includes('b');
  const plain = isRaw ? inner : readEscapes(inner, from, isBytes);
  const value = isBytes ? (typeof plain === 'string' ? Buffer.from(plain) : plain) : (plain as string);
  return { kind: 'literal', text: text.slice(at, end + quote.length), value, at };
}

function findEnd(text: string, from: number, quote: string, isRaw: boolean): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith(quote, at)) return at;
    if (text[at] === '\\' && !isRaw) at += 1;
    else if (text[at] === '\n' && quote.length === 1) return -1;
  }
  return -1;
}

const plainEscapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '?': '?', '"': '"', "'": "'", '`': '`' },
};
const escapes =
  /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)/g;

/** In bytes `\x` and octal numbers are bytes, in text they are characters. */
function readEscapes(inner: string, from: number, isBytes: boolean): string | Uint8Array {
  const pieces: Uint8Array[] = [];
  let last = 0;
  const text = inner.replace(escapes, (_whole, plain, hex, octal, short, long, offset: number) => {
    if (plain !== undefined) return plainEscapes[plain] as string;
    const digits = hex ?? short ?? long;
    const code = octal === undefined ? Number.parseInt(digits ?? '', 16) : Number.parseInt(octal, 8);
    if (Number.isNaN(code) || code > 0x10_ffff || (code >= 0xd800 && code < 0xe000))
      throw new SyntaxFault(from + offset, 'invalid escape sequence');
    if (isBytes && (hex !== undefined || octal !== undefined)) {
      pieces.push(Buffer.from(`${readPlainEscapes(inner.slice(last, offset))}`), Uint8Array.of(code));
      last = offset + _whole.length;
    }
    return String.fromCodePoint(code);
  });
  if (pieces.length === 0) return text;
  return Buffer.concat([...pieces, Buffer.from(readPlainEscapes(inner.slice(last)))]);
}

function readPlainEscapes(inner: string): string {
  return inner.replace(escapes, (whole, plain, _hex, _octal, short, long) => {
    if (plain !== undefined) return plainEscapes[plain] as string;
    const digits = short ?? long;
    return digits === undefined ? whole : String.fromCodePoint(Number.parseInt(digits, 16));
  });
}

/** The text of an expression as a tree, macros as nodes of their own. (cel-spec, doc/langdef.md) Pure. */
import { type FoldMacro, type Node, type OptionalNode, SyntaxFault } from './syntax.ts';
import { leastInt, type Token, tokenize } from './tokens.ts';

/** As cel-go has them. */
const longestText = 100_000;
const deepestNesting = 250;
/** Chains such as `a + b + c` count too: whoever goes through the tree goes down so far. */
const deepestTree = 600;

const precedence: readonly (readonly string[])[] = [
  ['<', '<=', '>=', '>', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

const reserved: ReadonlySet<string> = new Set([
  ...[
    'as',
    'break',
    'const',
    'continue',
    'else',
    'for',
    'function',
    'if',
    'import',
    'let',
    'loop',
    'package',
  ],
  ...['namespace', 'return', 'var', 'void', 'while', 'in'],
]);

/** Throws `SyntaxFault`. */
export function parse(text: string): Node {
  if (text.length > longestText) {
    const why = `expression code point size exceeds limit: size: ${text.length}, limit ${longestText}`;
    throw new SyntaxFault(0, why);
  }
  const parser = new Parser(tokenize(text));
  return parser.whole();
}

type Unmeasured<Any> = Any extends Node ? Omit<Any, 'depth'> : never;

/** Measures what it makes, so that nothing gets deeper than all that come after can go. */
function made(node: Unmeasured<Node>, ...within: readonly Node[]): Node {
  const depth = 1 + within.reduce((most, one) => Math.max(most, one.depth), 0);
  if (depth > deepestTree) throw new SyntaxFault(node.at, 'expression recursion limit exceeded');
  return { ...node, depth } as Node;
}

class Parser {
  readonly #tokens: readonly Token[];
  #place = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#expression();
    if (this.#next.kind !== 'end') throw this.#unexpected();
    return node;
  }

  get #next(): Token {
    return this.#tokens[this.#place] as Token;
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== 'end') this.#place += 1;
    return token;
  }

  #is(text: string): boolean {
    return this.#next.kind === 'sign' && this.#next.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#place += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected();
  }

  #unexpected(): SyntaxFault {
    const { at, text } = this.#next;
    return new SyntaxFault(at, `Syntax error: mismatched input '${text}'`);
  }

  #expression(): Node {
    this.#nesting += 1;
    if (this.#nesting > deepestNesting)
      throw new SyntaxFault(this.#next.at, `expression recursion limit exceeded: ${deepestNesting}`);
    const test = this.#logical('or');
    const { at } = this.#next;
    let node = test;
    if (this.#accept('?')) {
      const then = this.#logical('or');
      this.#expect(':');
      const otherwise = this.#expression();
      node = made({ op: 'if', at, test, then, otherwise }, test, then, otherwise);
    }
    this.#nesting -= 1;
    return node;
  }

  #logical(op: 'and' | 'or'): Node {
    const below = (): Node => (op === 'or' ? this.#logical('and') : this.#binary(0));
    const first = below();
    const { at } = this.#next;
    const operands = [first];
    while (this.#accept(op === 'or' ? '||' : '&&')) operands.push(below());
    return operands.length === 1 ? first : made({ op, at, operands }, ...operands);
  }

  #binary(level: number): Node {
    const operators = precedence[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text, at } = this.#next;
      const isOperator = (kind === 'sign' || text === 'in') && operators.includes(text);
      if (!isOperator || kind === 'literal') return left;
      this.#place += 1;
      const right = this.#binary(level + 1);
      const name = text === 'in' ? '@in' : `_${text}_`;
      left = made({ op: 'call', at, name, target: null, args: [left, right] }, left, right);
    }
  }

  #unary(): Node {
    const { at } = this.#next;
    const sign = this.#is('!') ? '!' : this.#is('-') ? '-' : null;
    if (sign === null) return this.#member();
    let count = 0;
    while (this.#accept(sign)) count += 1;
    const { kind, ...token } = this.#next;
    if (sign === '-' && kind === 'literal' && count === 1 && 'value' in token) {
      const { value } = token;
      if (typeof value === 'bigint' || typeof value === 'number') {
        this.#place += 1;
        return this.#suffixes(made({ op: 'literal', at, value: -value }));
      }
    }
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return made({ op: 'call', at, name: `${sign}_`, target: null, args: [operand] }, operand);
  }

  #member(): Node {
    return this.#suffixes(this.#primary());
  }

  #suffixes(first: Node): Node {
    let node = first;
    for (;;) {
      const { at } = this.#next;
      if (this.#accept('.')) {
        const isOptional = this.#accept('?');
        const field = this.#name(false);
        node =
          !isOptional && this.#is('(')
            ? this.#call(field, node)
            : made({ op: 'select', at, operand: node, field, isTest: false, isOptional }, node);
      } else if (this.#accept('[')) {
        const isOptional = this.#accept('?');
        const index = this.#expression();
        this.#expect(']');
        node = made({ op: 'index', at, operand: node, index, isOptional }, node, index);
      } else return node;
    }
  }

  #name(isFree: boolean): string {
    const token = this.#next;
    if (token.kind !== 'name') throw this.#unexpected();
    if (isFree && reserved.has(token.text))
      throw new SyntaxFault(token.at, `reserved identifier: ${token.text}`);
    this.#place += 1;
    return token.text;
  }

  #primary(): Node {
    const token = this.#next;
    const { at } = token;
    if (token.kind === 'literal') {
      this.#place += 1;
      if (token.value === -leastInt) throw new SyntaxFault(at, 'invalid int literal');
      return made({ op: 'literal', at, value: token.value });
    }
    if (this.#accept('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (this.#accept('[')) return this.#list(at);
    if (this.#accept('{')) return this.#map(at);
    this.#accept('.');
    const name = this.#name(true);
    return this.#is('(') ? this.#call(name, null) : made({ op: 'name', at, name });
  }

  #list(at: number): Node {
    const items: OptionalNode[] = [];
    while (!this.#accept(']')) {
      const isOptional = this.#accept('?');
      items.push({ value: this.#expression(), isOptional });
      if (!this.#accept(',') && !this.#is(']')) throw this.#unexpected();
    }
    return made({ op: 'list', at, items }, ...items.map(({ value }) => value));
  }

  #map(at: number): Node {
    const entries: (OptionalNode & { readonly key: Node })[] = [];
    while (!this.#accept('}')) {
      const isOptional = this.#accept('?');
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), isOptional });
      if (!this.#accept(',') && !this.#is('}')) throw this.#unexpected();
    }
    return made({ op: 'map', at, entries }, ...entries.flatMap(({ key, value }) => [key, value]));
  }

  #call(name: string, target: Node | null): Node {
    const { at } = this.#take();
    const args: Node[] = [];
    while (!this.#accept(')')) {
      args.push(this.#expression());
      if (!this.#accept(',') && !this.#is(')')) throw this.#unexpected();
    }
    const macro = target === null ? hasMacro(name, at, args) : targetMacro(name, at, target, args);
    if (macro !== null) return macro;
    const within = target === null ? args : [target, ...args];
    return made({ op: 'call', at, name, target, args }, ...within);
  }
}

function hasMacro(name: string, at: number, args: readonly Node[]): Node | null {
  if (name !== 'has' || args.length !== 1) return null;
  const [field] = args as [Node];
  if (field.op !== 'select' || field.isTest) throw new SyntaxFault(at, 'invalid argument to has() macro');
  return { ...field, isTest: true };
}

/** By how many arguments each takes: with one name, and with two. */
const folds: Readonly<
  Record<
    string,
    { readonly macro: FoldMacro; readonly one: readonly number[]; readonly two: readonly number[] }
  >
> = {
  all: { macro: 'all', one: [2], two: [3] },
  exists: { macro: 'exists', one: [2], two: [3] },
  exists_one: { macro: 'existsOne', one: [2], two: [] },
  existsOne: { macro: 'existsOne', one: [2], two: [3] },
  filter: { macro: 'filter', one: [2], two: [] },
  map: { macro: 'map', one: [2, 3], two: [] },
  transformList: { macro: 'map', one: [], two: [3, 4] },
  transformMap: { macro: 'transformMap', one: [], two: [3, 4] },
  transformMapEntry: { macro: 'transformMapEntry', one: [], two: [3, 4] },
};

function targetMacro(name: string, at: number, target: Node, args: readonly Node[]): Node | null {
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) {
    const [variable, body] = args as [Node, Node];
    const bound = variableName(name, variable);
    return made(
      { op: 'optionalMap', at, isFlat: name === 'optFlatMap', target, name: bound, body },
      target,
      body,
    );
  }
  const rule = Object.hasOwn(folds, name) ? folds[name] : undefined;
  if (rule === undefined) return null;
  const count = rule.one.includes(args.length) ? 1 : rule.two.includes(args.length) ? 2 : 0;
  if (count === 0) return null;
  const names = args.slice(0, count).map((node) => variableName(name, node));
  if (names.length === 2 && names[0] === names[1])
    throw new SyntaxFault(at, `duplicate variable name: ${names[0]}`);
  const rest = args.slice(count);
  const body = rest.at(-1) as Node;
  const filter = rest.length === 2 ? (rest[0] as Node) : null;
  const within = filter === null ? [target, body] : [target, filter, body];
  return made({ op: 'fold', at, macro: rule.macro, range: target, names, filter, body }, ...within);
}

function variableName(macro: string, node: Node): string {
  if (node.op === 'name') return node.name;
  throw new SyntaxFault(node.at, `argument to ${macro}() macro must be a simple identifier`);
}

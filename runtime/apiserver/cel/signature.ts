/** Signatures of functions as text, `list<T>.indexOf(T): int`, and functions by their names. Pure. */
import type { Budget } from './budget.ts';
import { dyn, isScalarName, type Type } from './types.ts';
import type { Value } from './values.ts';

/** The target of a method comes first. What it takes beyond one step it spends itself. */
export type Run = (args: readonly Value[], budget: Budget) => Value;

export interface Overload {
  readonly name: string;
  readonly isMember: boolean;
  /** With the target of a method in front. */
  readonly parameters: readonly Type[];
  readonly result: Type;
  readonly run: Run;
}

export type Functions = ReadonlyMap<string, readonly Overload[]>;

/** Signatures with what they do. */
export type FunctionTable = Readonly<Record<string, Run>>;

/** Throws `Error` for a signature that cannot be read: a fault of the program. */
export function readFunctions(...tables: readonly FunctionTable[]): Functions {
  const functions = new Map<string, Overload[]>();
  for (const [signature, run] of tables.flatMap((table) => Object.entries(table))) {
    const overload = readSignature(signature, run);
    const others = functions.get(overload.name);
    if (others === undefined) functions.set(overload.name, [overload]);
    else others.push(overload);
  }
  return functions;
}

function readSignature(text: string, run: Run): Overload {
  const reader = new TypeReader(text);
  const target = text.startsWith('::') ? null : reader.target();
  if (target === null) reader.skip('::');
  const name = reader.until('(');
  reader.skip('(');
  const parameters = target === null ? [] : [target];
  while (!reader.isNext(')')) {
    parameters.push(reader.type());
    if (reader.isNext(',')) reader.skip(',');
  }
  reader.skip('):');
  return { name, isMember: target !== null, parameters, result: reader.type(), run };
}

/** Reads one signature from its beginning to its end. */
class TypeReader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.replaceAll(' ', '');
  }

  isNext(text: string): boolean {
    return this.#rest.startsWith(text);
  }

  skip(text: string): void {
    if (!this.isNext(text)) throw new Error(`a signature lacks ${text}: ${this.#rest}`);
    this.#rest = this.#rest.slice(text.length);
  }

  until(end: string): string {
    const found = this.#rest.slice(0, this.#rest.indexOf(end));
    this.#rest = this.#rest.slice(found.length);
    return found;
  }

  target(): Type {
    const type = this.type();
    this.skip('.');
    return type;
  }

  type(): Type {
    const [name = ''] = /^\w+/.exec(this.#rest) ?? [];
    this.skip(name);
    if (isScalarName(name)) return { kind: name };
    if (/^[A-Z]$/.test(name)) return { kind: 'parameter', name };
    if (!this.isNext('<')) return opaque(name);
    this.skip('<');
    const first = this.type();
    let second: Type = dyn;
    if (this.isNext(',')) {
      this.skip(',');
      second = this.type();
    }
    this.skip('>');
    if (name === 'list') return { kind: 'list', element: first };
    return name === 'map' ? { kind: 'map', key: first, value: second } : { kind: 'optional', of: first };
  }
}

const opaqueNames: Readonly<Record<string, string>> = {
  Quantity: 'kubernetes.Quantity',
  URL: 'kubernetes.URL',
  Format: 'kubernetes.NamedFormat',
  IP: 'net.IP',
  CIDR: 'net.CIDR',
};

function opaque(name: string): Type {
  return { kind: 'opaque', name: opaqueNames[name] ?? name };
}

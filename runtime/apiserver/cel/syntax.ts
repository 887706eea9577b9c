/** What an expression is made of, and how its errors name their places. Pure. */
import type { Value } from './values.ts';

export type Node =
  | (Placed & { readonly op: 'literal'; readonly value: Value })
  | (Placed & { readonly op: 'name'; readonly name: string })
  /** @property isTest `has(…)`; isOptional: `.?` */
  | (Placed & {
      readonly op: 'select';
      readonly operand: Node;
      readonly field: string;
      readonly isTest: boolean;
      readonly isOptional: boolean;
    })
  | (Placed & {
      readonly op: 'index';
      readonly operand: Node;
      readonly index: Node;
      readonly isOptional: boolean;
    })
  | (Placed & {
      readonly op: 'call';
      readonly name: string;
      readonly target: Node | null;
      readonly args: readonly Node[];
    })
  | (Placed & { readonly op: 'list'; readonly items: readonly OptionalNode[] })
  | (Placed & {
      readonly op: 'map';
      readonly entries: readonly (OptionalNode & { readonly key: Node })[];
    })
  | (Placed & { readonly op: 'and' | 'or'; readonly operands: readonly Node[] })
  | (Placed & { readonly op: 'if'; readonly test: Node; readonly then: Node; readonly otherwise: Node })
  | (Placed & {
      readonly op: 'fold';
      readonly macro: FoldMacro;
      readonly range: Node;
      /** One, or a key or place and what is there. */
      readonly names: readonly string[];
      readonly filter: Node | null;
      readonly body: Node;
    })
  | (Placed & {
      readonly op: 'optionalMap';
      readonly isFlat: boolean;
      readonly target: Node;
      readonly name: string;
      readonly body: Node;
    });

export type FoldMacro =
  | 'all'
  | 'exists'
  | 'existsOne'
  | 'map'
  | 'filter'
  | 'transformMap'
  | 'transformMapEntry';

export interface OptionalNode {
  readonly value: Node;
  readonly isOptional: boolean;
}

interface Placed {
  /** Where it begins in the text, or its operator stands. */
  readonly at: number;
  /** Of what it is made, so many stand within each other. */
  readonly depth: number;
}

/** A text that is no expression. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** With the line and a mark below it, as cel-go shows it. */
export function formatFault(text: string, at: number, message: string): string {
  const before = text.slice(0, at).split('\n');
  const line = text.split('\n')[before.length - 1] ?? '';
  const column = (before.at(-1) as string).length;
  const shown = line.replaceAll('\t', ' ');
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${shown}\n | ${'.'.repeat(column)}^`;
}

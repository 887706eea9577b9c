/** How the objects of one resource become rows. `printers/` has them all; `columns` and cells stand together there. */
import { stringAt } from '../objects/read-path.ts';
import { ageOf } from './human-duration.ts';

/** Null: there is nothing at its place. */
export type Cell = string | number | boolean | null;

export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name`: it names the object. */
  readonly format: string;
  readonly description: string;
  /** Above 0: only where the client shows wide rows. */
  readonly priority: number;
}

export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

export interface Printer {
  readonly columns: readonly ColumnDefinition[];
  /** As many as columns. @param nowMs since 1970. */
  readonly cells: (object: unknown, nowMs: number) => readonly Cell[];
  /** What clients may know of a row without reading it. */
  readonly conditions?: (object: unknown) => readonly RowCondition[];
  /** The order of a list's rows, where it is not the names'. */
  readonly compare?: (a: unknown, b: unknown) => number;
}

export interface Column {
  readonly definition: ColumnDefinition;
  readonly cell: (object: unknown, nowMs: number) => Cell;
}

type ColumnExtras = Partial<Omit<ColumnDefinition, 'name'>>;

export function printer(columns: readonly Column[]): Printer {
  return {
    columns: columns.map(({ definition }) => definition),
    cells: (object, nowMs) => columns.map(({ cell }) => cell(object, nowMs)),
  };
}

export function column(name: string, cell: Column['cell'], extras: ColumnExtras = {}): Column {
  return { definition: defineColumn(name, extras), cell };
}

/** For clients that show wide rows. */
export function wide(name: string, cell: Column['cell'], extras: ColumnExtras = {}): Column {
  return column(name, cell, { priority: 1, ...extras });
}

export function defineColumn(name: string, extras: ColumnExtras = {}): ColumnDefinition {
  return { name, type: 'string', format: '', description: '', priority: 0, ...extras };
}

/** The cell is the text at a path. */
export function text(name: string, path: string): Column {
  return column(name, (object) => stringAt(object, ...path.split('.')));
}

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const creationDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

export const name = column('Name', nameOf, { format: 'name', description: nameDescription });

export const age = column('Age', creationAge, { description: creationDescription });

/** For what has no columns of its own. */
export const usualPrinter = printer([
  name,
  column('Created At', (object) => stringAt(object, 'metadata', 'creationTimestamp'), {
    type: 'date',
    description: creationDescription,
  }),
]);

export function nameOf(object: unknown): string {
  return stringAt(object, 'metadata', 'name');
}

export function creationAge(object: unknown, nowMs: number): string {
  return ageOf(stringAt(object, 'metadata', 'creationTimestamp'), nowMs);
}

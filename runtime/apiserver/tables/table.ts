/** Objects as a `meta.k8s.io/v1` Table, which is what kubectl prints. Pure. */
import { objectAt } from '../objects/read-path.ts';
import type { Cell, ColumnDefinition, Printer, RowCondition } from './printer.ts';

export interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly RowCondition[];
  readonly object: unknown;
}

/** Of the list, or of the one object. */
export interface TableMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: TableMetadata;
  /** Null in a watch from its second event on. */
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly TableRow[];
}

/** `includeObject` in the query: what a row has besides its cells. */
export const includedObjects = ['None', 'Metadata', 'Object'] as const;
export type IncludedObject = (typeof includedObjects)[number];

export interface TableOptions {
  /** Kubernetes' default is `Metadata`. */
  readonly includeObject: IncludedObject;
  /** False in a watch from its second event on. */
  readonly withColumns: boolean;
  readonly nowMs: number;
}

/** @param objects with kind and apiVersion, if rows are to have them whole. */
export function makeTable(
  printer: Printer,
  objects: readonly unknown[],
  metadata: TableMetadata,
  options: TableOptions,
): Table {
  const sorted = printer.compare === undefined ? objects : objects.toSorted(printer.compare);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: options.withColumns ? printer.columns : null,
    rows: sorted.map((object) => makeRow(printer, object, options)),
  };
}

function makeRow(printer: Printer, object: unknown, options: TableOptions): TableRow {
  const conditions = printer.conditions?.(object) ?? [];
  return {
    cells: printer.cells(object, options.nowMs),
    ...(conditions.length === 0 ? {} : { conditions }),
    object: partOf(object, options.includeObject),
  };
}

function partOf(object: unknown, part: IncludedObject): unknown {
  switch (part) {
    case 'None':
      return null;
    case 'Object':
      return object;
    case 'Metadata':
      return {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: objectAt(object, 'metadata'),
      };
  }
}

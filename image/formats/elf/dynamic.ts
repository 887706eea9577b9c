/** What a dynamically linked ELF file says to its loader: the dynamic table, relocations and the symbols they name. */
import { decodeRecord } from '../struct.ts';
import { type ElfFile, fileOffsetOf, segmentsOf } from './file.ts';
import * as layout from './layout.ts';
import { type ElfSymbol, symbolReader } from './symbols.ts';

/** Values by tag; a tag may come more than once. */
export type DynamicTable = ReadonlyMap<number, readonly number[]>;

export interface Relocation {
  /** The place that the loader fills. */
  readonly address: number;
  readonly type: number;
  readonly symbolIndex: number;
  readonly addend: number;
}

/** Null for a static program. */
export function readDynamicTable(file: ElfFile): DynamicTable | null {
  const segment = segmentsOf(file, 'dynamic')[0];
  if (!segment) return null;
  const table = new Map<number, number[]>();
  const end = segment.fileOffset + segment.fileSize;
  for (let at = segment.fileOffset; at < end; at += layout.dynamicEntrySize) {
    const entry = decodeRecord(layout.dynamicEntry, file.bytes, at);
    const tag = Number(entry.tag);
    if (tag === layout.dynamicTag.end) break;
    table.set(tag, [...(table.get(tag) ?? []), Number(entry.value)]);
  }
  return table;
}

/** The one value of a tag. */
export function dynamicValue(table: DynamicTable, tag: keyof typeof layout.dynamicTag): number | undefined {
  return table.get(layout.dynamicTag[tag])?.[0];
}

/** The relocations of data and those of calls, in the file's order. */
export function readRelocations(file: ElfFile, table: DynamicTable): readonly Relocation[] {
  const read = (address: number | undefined, sizeBytes: number | undefined): Relocation[] => {
    if (address === undefined || sizeBytes === undefined) return [];
    const start = fileOffsetOf(file, address);
    return Array.from({ length: Math.floor(sizeBytes / layout.relocationSize) }, (_, index) => {
      const record = decodeRecord(layout.relocation, file.bytes, start + index * layout.relocationSize);
      return {
        address: Number(record.address),
        type: record.type,
        symbolIndex: record.symbol,
        addend: Number(record.addend),
      };
    });
  };
  return [
    ...read(dynamicValue(table, 'relocations'), dynamicValue(table, 'relocationsSize')),
    ...read(dynamicValue(table, 'pltRelocations'), dynamicValue(table, 'pltRelocationsSize')),
  ];
}

/** Reads symbols of the dynamic table by their number, each only when it is asked for. */
export function dynamicSymbols(file: ElfFile, table: DynamicTable): (index: number) => ElfSymbol {
  const symbols = dynamicValue(table, 'symbolTable');
  const strings = dynamicValue(table, 'stringTable');
  if (symbols === undefined || strings === undefined)
    throw new RangeError('an ELF file has no dynamic symbols');
  return symbolReader(file, fileOffsetOf(file, symbols), fileOffsetOf(file, strings));
}

/** What a dynamically linked ELF file says to its loader: the dynamic table, relocations and imported symbols. */
import { decodeRecord } from '../struct.ts';
import { type ElfFile, fileOffsetOf, readSections, segmentsOf, stringAt } from './file.ts';
import * as layout from './layout.ts';

/** Values by tag; a tag may come more than once. */
export type DynamicTable = ReadonlyMap<number, readonly number[]>;

export interface DynamicSymbol {
  readonly name: string;
  readonly isWeak: boolean;
  /** False for what another file has to bring. A copy relocation makes a symbol defined. */
  readonly isDefined: boolean;
  readonly value: number;
  readonly sizeBytes: number;
}

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
export function dynamicSymbols(file: ElfFile, table: DynamicTable): (index: number) => DynamicSymbol {
  const symbols = dynamicValue(table, 'symbolTable');
  const strings = dynamicValue(table, 'stringTable');
  if (symbols === undefined || strings === undefined)
    throw new RangeError('an ELF file has no dynamic symbols');
  const start = fileOffsetOf(file, symbols);
  const names = fileOffsetOf(file, strings);
  return (index) => {
    const record = decodeRecord(layout.symbol, file.bytes, start + index * layout.symbolSize);
    return {
      name: stringAt(file.bytes, names + record.name),
      isWeak: record.info >> 4 === layout.weakBinding,
      isDefined: record.section !== layout.undefinedSection,
      value: Number(record.value),
      sizeBytes: Number(record.size),
    };
  };
}

/** Every dynamic symbol whose name passes, in the file's order. Needs the table of sections, for their number. */
export function findDynamicSymbols(
  file: ElfFile,
  table: DynamicTable,
  isWanted: (name: string) => boolean,
): readonly DynamicSymbol[] {
  const section = readSections(file).find(({ name }) => name === '.dynsym');
  if (!section) return [];
  const symbolAt = dynamicSymbols(file, table);
  const found: DynamicSymbol[] = [];
  for (let index = 1; index < section.sizeBytes / layout.symbolSize; index += 1) {
    const symbol = symbolAt(index);
    if (isWanted(symbol.name)) found.push(symbol);
  }
  return found;
}

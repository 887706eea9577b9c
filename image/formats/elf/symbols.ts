/** Symbols of an ELF file. A table has hundreds of thousands; one is decoded only when somebody asks for it. */
import { decodeRecord } from '../struct.ts';
import { type ElfFile, readSections, stringAt } from './file.ts';
import * as layout from './layout.ts';

export interface ElfSymbol {
  readonly name: string;
  readonly isWeak: boolean;
  /** False for what another file has to bring. A copy relocation makes a symbol defined. */
  readonly isDefined: boolean;
  readonly value: number;
  readonly sizeBytes: number;
}

/** Reads the symbols of a table by their number; both places are offsets in the file. */
export function symbolReader(file: ElfFile, table: number, names: number): (index: number) => ElfSymbol {
  return (index) => {
    const record = decodeRecord(layout.symbol, file.bytes, table + index * layout.symbolSize);
    return {
      name: stringAt(file.bytes, names + record.name),
      isWeak: record.info >> 4 === layout.weakBinding,
      isDefined: record.section !== layout.undefinedSection,
      value: Number(record.value),
      sizeBytes: Number(record.size),
    };
  };
}

/** The tables of symbols by their section: what the loader needs, and what the linker knew. */
const tables = {
  dynamic: { symbols: '.dynsym', names: '.dynstr' },
  all: { symbols: '.symtab', names: '.strtab' },
} as const;

/** Every symbol of a table whose name passes, in the file's order; none when the file has no such table. */
export function findSymbols(
  file: ElfFile,
  which: keyof typeof tables,
  isWanted: (name: string) => boolean,
): readonly ElfSymbol[] {
  const sections = readSections(file);
  const symbols = sections.find(({ name }) => name === tables[which].symbols);
  const names = sections.find(({ name }) => name === tables[which].names);
  if (!symbols || !names) return [];
  const view = new DataView(file.bytes.buffer, file.bytes.byteOffset + symbols.fileOffset, symbols.sizeBytes);
  const symbolAt = symbolReader(file, symbols.fileOffset, names.fileOffset);
  const found: ElfSymbol[] = [];
  for (let index = 1; index < symbols.sizeBytes / layout.symbolSize; index += 1) {
    const name = view.getUint32(index * layout.symbolSize + layout.symbol.name.offset, true);
    if (isWanted(stringAt(file.bytes, names.fileOffset + name))) found.push(symbolAt(index));
  }
  return found;
}

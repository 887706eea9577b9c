/** Reads from an ELF file which libraries and which loader it needs. */
import { dynamicValue, readDynamicTable } from './dynamic.ts';
import { fileOffsetOf, readElf, segmentsOf, stringAt } from './file.ts';
import * as layout from './layout.ts';

export interface ElfNeeds {
  /** File names, such as `libc.so.6`. */
  readonly libraries: readonly string[];
  /** The path of the dynamic loader, or null for a library or a static program. */
  readonly interpreter: string | null;
}

/** What the file needs, or null when it is not ELF. */
export function readElfNeeds(bytes: Uint8Array): ElfNeeds | null {
  const file = readElf(bytes);
  if (file === null) return null;
  const interpreter = segmentsOf(file, 'interpreter')[0];
  const table = readDynamicTable(file);
  const strings = table === null ? undefined : dynamicValue(table, 'stringTable');
  const names = table?.get(layout.dynamicTag.needed) ?? [];
  return {
    libraries:
      strings === undefined ? [] : names.map((name) => stringAt(bytes, fileOffsetOf(file, strings) + name)),
    interpreter: interpreter ? stringAt(bytes, interpreter.fileOffset) : null,
  };
}

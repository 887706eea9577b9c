/** Adds sections to a PE executable, and reads them back: a unified kernel image is systemd's stub with sections. */
import { decodeRecord, encodeRecord, type Field } from '../struct.ts';
import * as layout from './layout.ts';

export interface NewSection {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface Section {
  readonly name: string;
  readonly virtualAddress: number;
  readonly virtualSize: number;
  readonly rawOffset: number;
  readonly rawSize: number;
}

interface Headers {
  readonly sectionCountAt: number;
  readonly optionalAt: number;
  readonly sectionsAt: number;
  readonly sections: readonly Section[];
}

/** @throws Error when it is not a 64-bit PE executable. */
export function readSections(executable: Uint8Array): readonly Section[] {
  return readHeaders(executable).sections;
}

/**
 * The executable with the sections behind its own. The stub is built with spare room in its header for their headers;
 * a signature it carries would no longer hold, so a signed one is refused.
 */
export function addSections(executable: Uint8Array, added: readonly NewSection[]): Uint8Array {
  const headers = readHeaders(executable);
  const optional = decodeRecord(layout.optionalHeader, executable, headers.optionalAt);
  if (optional.certificateTable !== 0n) throw new Error('the executable is signed; sections cannot be added');
  const headersEnd = headers.sectionsAt + (headers.sections.length + added.length) * layout.sectionHeaderSize;
  const firstRaw = Math.min(...headers.sections.filter((s) => s.rawSize > 0).map((s) => s.rawOffset));
  if (headersEnd > Math.min(optional.sizeOfHeaders, firstRaw)) {
    throw new Error('the executable has no room for more section headers');
  }
  const placed = placeSections(headers.sections, added, optional, executable.length);
  const size = placed.reduce((end, section) => Math.max(end, section.rawOffset + section.rawSize), 0);
  const output = new Uint8Array(size);
  output.set(executable);
  placed.forEach((section, index) => {
    const at = headers.sectionsAt + (headers.sections.length + index) * layout.sectionHeaderSize;
    output.set(encodeSectionHeader(section), at);
    output.set(added[index]!.data, section.rawOffset);
  });
  const last = placed.at(-1)!;
  const put = (at: number, field: Field, value: number): void => {
    const view = new DataView(output.buffer);
    if (field.type === 'u16') view.setUint16(at + field.offset, value, true);
    else view.setUint32(at + field.offset, value, true);
  };
  const fields = layout.optionalHeader;
  put(headers.sectionCountAt, layout.coffHeader.sectionCount, headers.sections.length + added.length);
  put(
    headers.optionalAt,
    fields.sizeOfImage,
    align(last.virtualAddress + last.virtualSize, optional.sectionAlignment),
  );
  const addedData = placed.reduce((sum, section) => sum + section.rawSize, 0);
  put(headers.optionalAt, fields.sizeOfInitializedData, optional.sizeOfInitializedData + addedData);
  put(headers.optionalAt, fields.checksum, 0);
  return output;
}

function placeSections(
  existing: readonly Section[],
  added: readonly NewSection[],
  alignments: { readonly sectionAlignment: number; readonly fileAlignment: number },
  fileSize: number,
): Section[] {
  let address = Math.max(...existing.map((section) => section.virtualAddress + section.virtualSize));
  let offset = fileSize;
  return added.map(({ name, data }) => {
    const section = {
      name,
      virtualAddress: align(address, alignments.sectionAlignment),
      virtualSize: data.length,
      rawOffset: align(offset, alignments.fileAlignment),
      rawSize: align(data.length, alignments.fileAlignment),
    };
    address = section.virtualAddress + section.virtualSize;
    offset = section.rawOffset + section.rawSize;
    return section;
  });
}

function encodeSectionHeader(section: Section): Uint8Array {
  return encodeRecord(layout.sectionHeader, layout.sectionHeaderSize, {
    ...section,
    name: Buffer.from(section.name),
    characteristics: layout.dataCharacteristics,
  });
}

function readHeaders(executable: Uint8Array): Headers {
  const { peOffset } = decodeRecord(layout.peOffsetField, executable);
  const coff = decodeRecord(layout.coffHeader, executable, peOffset);
  if (Buffer.from(coff.signature).toString('latin1') !== 'PE\0\0') throw new Error('it is no PE executable');
  const optionalAt = peOffset + layout.coffHeaderSize;
  const optional = decodeRecord(layout.optionalHeader, executable, optionalAt);
  if (optional.magic !== layout.optionalHeaderMagic) throw new Error('it is no 64-bit PE executable');
  const sectionsAt = optionalAt + coff.optionalHeaderSize;
  const sections = Array.from({ length: coff.sectionCount }, (_, index) => {
    const section = decodeRecord(
      layout.sectionHeader,
      executable,
      sectionsAt + index * layout.sectionHeaderSize,
    );
    const name = Buffer.from(section.name).toString('latin1').replace(/\0+$/, '');
    const { virtualAddress, virtualSize, rawOffset, rawSize } = section;
    return { name, virtualAddress, virtualSize, rawOffset, rawSize };
  });
  return { sectionCountAt: peOffset, optionalAt, sectionsAt, sections };
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

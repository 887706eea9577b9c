/**
 * What a kernel image (UKI) says about itself: its section `.osrel`, which is the os-release of the system that it
 * starts. The file is data that somebody may have damaged: whatever does not fit gives null.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** PE/COFF: where the header's place stands, its parts, and the table of sections behind them. */
const headerPointerOffset = 0x3c;
const coffBytes = 24;
const sectionBytes = 40;
const longestSectionBytes = 64 * 1024;

/** What a disk writes as a whole. */
export const sectorBytes = 512;

/** Whether firmware would take the file for a program; one that is still being written is none. */
export function isStartable(file: string): boolean {
  const start = Buffer.alloc(2);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, start, 0, 2, 0) === 2 && start.toString('latin1') === 'MZ';
  } catch {
    // A power cut while it was written leaves a file whose content cannot be found: FAT keeps the two apart.
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/** `IMAGE_VERSION` of the kernel image, or null when it cannot be told. */
export function readImageVersion(file: string): string | null {
  try {
    const text = readSection(file, '.osrel');
    return text === null ? null : (/^IMAGE_VERSION="?([^"\n]*)"?$/m.exec(text)?.[1] ?? null);
  } catch {
    return null;
  }
}

function readSection(file: string, name: string): string | null {
  const descriptor = openSync(file, 'r');
  try {
    const read = (offset: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      if (readSync(descriptor, bytes, 0, length, offset) !== length) throw new RangeError('it ends too soon');
      return bytes;
    };
    const header = read(0, 64).readUInt32LE(headerPointerOffset);
    const coff = read(header, coffBytes);
    if (coff.toString('latin1', 0, 4) !== 'PE\0\0') return null;
    const [sections, optionalBytes] = [coff.readUInt16LE(6), coff.readUInt16LE(20)];
    const table = read(header + coffBytes + optionalBytes, sections * sectionBytes);
    for (let at = 0; at < table.length; at += sectionBytes) {
      if (table.toString('latin1', at, at + 8).replace(/\0.*$/s, '') !== name) continue;
      const length = Math.min(table.readUInt32LE(at + 8), table.readUInt32LE(at + 16), longestSectionBytes);
      return read(table.readUInt32LE(at + 20), length)
        .toString('utf8')
        .replace(/\0.*$/s, '');
    }
    return null;
  } finally {
    closeSync(descriptor);
  }
}

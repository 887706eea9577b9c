/** Notes: named pieces of data that a program carries in segments of their own. */
import { decodeRecord, encodeRecord } from '../struct.ts';
import { type ElfFile, segmentsOf } from './file.ts';
import * as layout from './layout.ts';

/** A note as bytes, its length a multiple of four. */
export function encodeNote(name: string, content: Uint8Array): Uint8Array {
  const nameBytes = Buffer.from(`${name}\0`, 'latin1');
  const contentStart = layout.noteHeaderSize + padded(nameBytes.length);
  const note = new Uint8Array(contentStart + padded(content.length));
  const header = { nameSize: nameBytes.length, contentSize: content.length, type: 0 };
  note.set(encodeRecord(layout.noteHeader, layout.noteHeaderSize, header));
  note.set(nameBytes, layout.noteHeaderSize);
  note.set(content, contentStart);
  return note;
}

/** The content of the first note of that name, where it lies; null when there is none. */
export function findNote(file: ElfFile, name: string): Uint8Array | null {
  for (const segment of segmentsOf(file, 'note')) {
    const end = segment.fileOffset + segment.fileSize;
    for (let at = segment.fileOffset; at + layout.noteHeaderSize <= end; ) {
      const header = decodeRecord(layout.noteHeader, file.bytes, at);
      const nameStart = at + layout.noteHeaderSize;
      const contentStart = nameStart + padded(header.nameSize);
      const found = Buffer.from(file.bytes.subarray(nameStart, nameStart + header.nameSize)).toString(
        'latin1',
      );
      // Some writers count the zero byte at the end, some do not.
      if (found.replace(/\0$/, '') === name) {
        return file.bytes.subarray(contentStart, contentStart + header.contentSize);
      }
      at = contentStart + padded(header.contentSize);
    }
  }
  return null;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

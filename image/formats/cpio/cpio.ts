/** Writes a cpio archive as the kernel unpacks it for an initrd: sorted, owned by root, with one fixed date. */
import { alignment, fieldDigits, fields, type Header, headerSize, magic, trailerName } from './layout.ts';

export type CpioEntry =
  | { readonly kind: 'directory'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly executable: boolean; readonly data: Uint8Array }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  | { readonly kind: 'character'; readonly name: string; readonly major: number; readonly minor: number };

/** The archive of these entries; names are relative and a directory's entry comes before what is in it. */
export function encodeCpio(entries: readonly CpioEntry[], modifiedAt: number): Uint8Array {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const parts = sorted.flatMap((entry, index) => encodeEntry(entry, index + 1, modifiedAt));
  parts.push(...encodeMember(trailerName, new Uint8Array(), { links: 1 }));
  return Buffer.concat(parts);
}

function encodeEntry(entry: CpioEntry, inode: number, modifiedAt: number): Uint8Array[] {
  const shared = { inode, modifiedAt, links: 1 };
  const none = new Uint8Array();
  switch (entry.kind) {
    case 'directory':
      return encodeMember(entry.name, none, { ...shared, mode: 0o040755, links: 2 });
    case 'file':
      return encodeMember(entry.name, entry.data, {
        ...shared,
        mode: entry.executable ? 0o100755 : 0o100644,
      });
    case 'link':
      return encodeMember(entry.name, Buffer.from(entry.target), { ...shared, mode: 0o120777 });
    case 'character':
      return encodeMember(entry.name, none, {
        ...shared,
        mode: 0o020600,
        specialMajor: entry.major,
        specialMinor: entry.minor,
      });
  }
}

function encodeMember(name: string, data: Uint8Array, values: Partial<Header>): Uint8Array[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const header: Partial<Header> = { ...values, size: data.length, nameSize: nameBytes.length };
  const digits = fields.map((field) =>
    (header[field] ?? 0).toString(16).toUpperCase().padStart(fieldDigits, '0'),
  );
  return [
    Buffer.from(magic + digits.join('')),
    nameBytes,
    padding(headerSize + nameBytes.length),
    data,
    padding(data.length),
  ];
}

function padding(size: number): Uint8Array {
  return new Uint8Array((alignment - (size % alignment)) % alignment);
}

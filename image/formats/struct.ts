/**
 * Fixed-layout records: a table of fields (name, offset, type) that both encodes and decodes. Integers are
 * little-endian, as GPT, PE and ELF on our architectures have them, unless `bigEndian` says otherwise (qcow2, VHD).
 */

export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'i64' | `bytes${number}`;

export interface Field {
  readonly offset: number;
  readonly type: FieldType;
}

export type Layout = Readonly<Record<string, Field>>;

type ValueOf<Type extends FieldType> = Type extends 'u64' | 'i64'
  ? bigint
  : Type extends 'u8' | 'u16' | 'u32'
    ? number
    : Uint8Array;

export type RecordOf<L extends Layout> = { readonly [Name in keyof L]: ValueOf<L[Name]['type']> };

/** The record as `size` bytes; what no field covers is zero. A byte field that is too long is a fault of ours. */
export function encodeRecord<L extends Layout>(
  layout: L,
  size: number,
  record: RecordOf<L>,
  bigEndian = false,
): Uint8Array {
  const little = !bigEndian;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [name, field] of Object.entries(layout)) {
    const value = record[name];
    if (field.type === 'u8') view.setUint8(field.offset, value as number);
    else if (field.type === 'u16') view.setUint16(field.offset, value as number, little);
    else if (field.type === 'u32') view.setUint32(field.offset, value as number, little);
    else if (field.type === 'u64') view.setBigUint64(field.offset, value as bigint, little);
    else if (field.type === 'i64') view.setBigInt64(field.offset, value as bigint, little);
    else putBytes(bytes, name, field, value as Uint8Array);
  }
  return bytes;
}

function putBytes(bytes: Uint8Array, name: string, field: Field, value: Uint8Array): void {
  const size = byteCount(field);
  if (value.length > size) throw new RangeError(`${name} has ${value.length} bytes and room for ${size}`);
  bytes.set(value, field.offset);
}

/** Reads the record at `offset`; a RangeError when the bytes end before it does. */
export function decodeRecord<L extends Layout>(layout: L, bytes: Uint8Array, offset = 0): RecordOf<L> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = ([name, field]: [string, Field]): [string, number | bigint | Uint8Array] => {
    const at = offset + field.offset;
    if (field.type === 'u8') return [name, view.getUint8(at)];
    if (field.type === 'u16') return [name, view.getUint16(at, true)];
    if (field.type === 'u32') return [name, view.getUint32(at, true)];
    if (field.type === 'u64') return [name, view.getBigUint64(at, true)];
    if (field.type === 'i64') return [name, view.getBigInt64(at, true)];
    if (at + byteCount(field) > bytes.length) throw new RangeError(`${name} lies beyond the end`);
    return [name, bytes.slice(at, at + byteCount(field))];
  };
  return Object.fromEntries(Object.entries(layout).map(read)) as RecordOf<L>;
}

function byteCount(field: Field): number {
  return Number(field.type.slice('bytes'.length));
}

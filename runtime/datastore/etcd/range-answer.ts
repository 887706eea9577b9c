/**
 * The answer to a range, written by hand into one buffer of the right size: of all messages it is the only one that
 * holds thousands of others, and the general encoder takes five times as long for it.
 */
import type { KeyValue } from '../state-machine/model.ts';
import { keyValueFrom } from './from-model.ts';
import { codec, type Draft } from './messages.ts';

export interface RangeAnswer {
  readonly header: Draft<'ResponseHeader'>;
  readonly items: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

const headers = codec('ResponseHeader');
const general = codec('RangeResponse');
const frameHeaderBytes = 5;

/** `(number of the field << 3) | type`; type 2 begins with its length, type 0 is a number. */
const tag = { header: 0x0a, item: 0x12, more: 0x18, count: 0x20 } as const;
const itemTag = { key: 0x0a, create: 0x10, modify: 0x18, version: 0x20, value: 0x2a, lease: 0x30 } as const;

/** RangeResponse, framed for gRPC. */
export function encodeRangeAnswer(answer: RangeAnswer): Uint8Array {
  const { items, more, count } = answer;
  // Only a lease that was granted by others can be negative; such a number has a form of its own.
  if (items.some((item) => item.lease < 0)) return encodeGenerally(answer);
  const header = headers.encode(answer.header);
  const sizes = items.map(itemBytes);
  let total = 1 + numberBytes(header.length) + header.length + (more ? 2 : 0) + fieldBytes(count);
  for (const size of sizes) total += 1 + numberBytes(size) + size;

  const target = Buffer.allocUnsafe(frameHeaderBytes + total);
  target[0] = 0;
  target.writeUInt32BE(total, 1);
  let at = writeBytes(target, frameHeaderBytes, tag.header, header);
  for (const [index, item] of items.entries()) {
    target[at] = tag.item;
    at = writeItem(target, writeNumber(target, at + 1, sizes[index]!), item);
  }
  if (more) {
    target[at] = tag.more;
    target[at + 1] = 1;
    at += 2;
  }
  writeField(target, at, tag.count, count);
  return target;
}

function encodeGenerally({ header, items, more, count }: RangeAnswer): Uint8Array {
  return general.encodeFramed({ header, kvs: items.map(keyValueFrom), more, count });
}

function itemBytes(item: KeyValue): number {
  return (
    (item.key.length === 0 ? 0 : 1 + numberBytes(item.key.length) + item.key.length) +
    fieldBytes(item.createRevision) +
    fieldBytes(item.modifyRevision) +
    fieldBytes(item.version) +
    (item.value.length === 0 ? 0 : 1 + numberBytes(item.value.length) + item.value.length) +
    fieldBytes(item.lease)
  );
}

function writeItem(target: Buffer, start: number, item: KeyValue): number {
  let at = item.key.length === 0 ? start : writeBytes(target, start, itemTag.key, item.key);
  at = writeField(target, at, itemTag.create, item.createRevision);
  at = writeField(target, at, itemTag.modify, item.modifyRevision);
  at = writeField(target, at, itemTag.version, item.version);
  if (item.value.length > 0) at = writeBytes(target, at, itemTag.value, item.value);
  return writeField(target, at, itemTag.lease, item.lease);
}

/** A zero is not written at all. */
function fieldBytes(value: number): number {
  return value === 0 ? 0 : 1 + numberBytes(value);
}

function writeField(target: Buffer, at: number, fieldTag: number, value: number): number {
  if (value === 0) return at;
  target[at] = fieldTag;
  return writeNumber(target, at + 1, value);
}

function writeBytes(target: Buffer, at: number, fieldTag: number, bytes: Uint8Array): number {
  target[at] = fieldTag;
  const start = writeNumber(target, at + 1, bytes.length);
  target.set(bytes, start);
  return start + bytes.length;
}

/** Seven bits a byte, the lowest first. */
function numberBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeNumber(target: Buffer, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest >= 128) {
    target[next++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  target[next++] = rest;
  return next;
}

/**
 * Events of a watch in protobuf (`application/vnd.kubernetes.protobuf;stream=watch`): each a frame of its length in four
 * bytes, the highest first, and a `meta/v1.WatchEvent` whose object is in an envelope of its own.
 */
import type { Registry } from '../registry.ts';
import { BackwardWriter } from './backward-writer.ts';
import { encodeObject } from './codec.ts';
import type { JsonObject } from './json-value.ts';
import { wireTypes } from './reader.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const watchEventFields = { type: 1, object: 2 } as const;
/** Of `runtime.RawExtension`. */
const rawField = 1;

/** @throws CodecError when the object has no protobuf message. */
export function encodeWatchFrame(registry: Registry, type: WatchEventType, object: JsonObject): Buffer {
  const writer = new BackwardWriter();
  writer.bytes(encodeObject(registry, object));
  writer.tag(rawField, wireTypes.bytes);
  writer.varint(writer.sizeBytes);
  writer.tag(watchEventFields.object, wireTypes.bytes);
  writer.string(type);
  writer.tag(watchEventFields.type, wireTypes.bytes);
  const event = writer.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

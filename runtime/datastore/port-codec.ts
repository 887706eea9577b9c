/**
 * What crosses the port between threads thousands of times a second, as bytes: one buffer that changes hands for all
 * that was said in a turn of the event loop. Left to the structured clone, a key that is a view would take the whole
 * buffer behind it along.
 */
import { ByteReader, ByteWriter } from '../encoding/bytes.ts';
import type { Change, KeyValue } from './state-machine/model.ts';
import { readKeyValue, writeKeyValue } from './state-machine/result-codec.ts';
import type { CorePage, CorePageQuery, LiveChanges } from './store-core.ts';

export interface Packet {
  readonly id: number;
  readonly data: Uint8Array;
}

/** Packets in a buffer of their own, fit to be transferred. */
export function pack(packets: readonly Packet[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.list(packets, ({ id, data }) => writer.whole(id).bytes(data));
  return new Uint8Array(writer.finish());
}

export function unpack(bytes: Uint8Array): readonly Packet[] {
  const reader = new ByteReader(bytes);
  return reader.list(() => ({ id: reader.whole(), data: reader.bytes() }));
}

export function encodePageQuery(query: CorePageQuery): Uint8Array {
  const { key, end, revision, mostItems, keysOnly, serializable, count } = query;
  const writer = new ByteWriter().bytes(key).flag(end !== undefined);
  if (end !== undefined) writer.bytes(end);
  return writer.whole(revision).whole(mostItems).flag(keysOnly).flag(serializable).flag(count).finish();
}

export function decodePageQuery(bytes: Uint8Array): CorePageQuery {
  const reader = new ByteReader(bytes);
  const key = reader.bytes();
  const end = reader.flag() ? reader.bytes() : undefined;
  return {
    ...{ key, end, revision: reader.whole(), mostItems: reader.whole() },
    ...{ keysOnly: reader.flag(), serializable: reader.flag(), count: reader.flag() },
  };
}

const pageKinds = ['page', 'compacted', 'future'] as const;

export function encodePage(page: CorePage): Uint8Array {
  const writer = new ByteWriter().byte(pageKinds.indexOf(page.kind));
  switch (page.kind) {
    case 'page':
      writer
        .whole(page.revision)
        .whole(page.readAt)
        .flag(page.next !== null);
      if (page.next !== null) writer.bytes(page.next);
      writer.flag(page.count !== undefined).whole(page.count ?? 0);
      writer.list(page.items, (item) => writeKeyValue(writer, item));
      break;
    case 'compacted':
      writer.whole(page.oldest);
      break;
    case 'future':
      writer.whole(page.revision);
      break;
  }
  return writer.finish();
}

export function decodePage(bytes: Uint8Array): CorePage {
  const reader = new ByteReader(bytes);
  const kind = pageKinds[reader.byte()];
  if (kind === 'compacted') return { kind, oldest: reader.whole() };
  if (kind !== 'page') return { kind: 'future', revision: reader.whole() };
  const head = { kind, revision: reader.whole(), readAt: reader.whole() };
  const next = reader.flag() ? reader.bytes() : null;
  const counted = reader.flag();
  const count = reader.whole();
  const items = reader.list(() => readKeyValue(reader));
  return { ...head, next, items, ...(counted ? { count } : {}) };
}

export function encodeLive({ changes, since, through, gap }: LiveChanges): Uint8Array {
  const writer = new ByteWriter().whole(since).whole(through).flag(gap);
  writer.list(changes, (change) => {
    writer.flag(change.type === 'put').byte(previousCode(change));
    writeKeyValue(writer, change);
    if (change.previous) writeKeyValue(writer, change.previous);
  });
  return writer.finish();
}

export function decodeLive(bytes: Uint8Array): LiveChanges {
  const reader = new ByteReader(bytes);
  const head = { since: reader.whole(), through: reader.whole(), gap: reader.flag() };
  return { ...head, changes: reader.list(() => readChange(reader)) };
}

/** Nobody asked for the version before, there is none, or here it comes. */
function previousCode({ previous }: Change): 0 | 1 | 2 {
  if (previous === undefined) return 0;
  return previous === null ? 1 : 2;
}

function readChange(reader: ByteReader): Change {
  const type = reader.flag() ? 'put' : 'delete';
  const code = reader.byte();
  const item: KeyValue = readKeyValue(reader);
  if (code === 0) return { ...item, type };
  return { ...item, type, previous: code === 1 ? null : readKeyValue(reader) };
}

/**
 * Consensus messages as bytes, and the check of what comes in: a peer's bytes are data, never trusted shapes. Who sent
 * a message is not in it: the connection's certificate says so.
 */
import { ByteReader, BytesError, ByteWriter } from '../encoding/bytes.ts';
import { decodeConfiguration, encodeConfiguration } from '../raft/configuration.ts';
import type { Entry, EntryKind, LogIndex, Message, NodeId, SnapshotMeta, Term } from '../raft/types.ts';

const messageFormat = 1;

// The place of a word in its list is its code on the wire: only ever append.
const types = [
  ...(['voteRequest', 'voteResponse', 'appendRequest', 'appendResponse', 'heartbeat'] as const),
  ...([
    'heartbeatResponse',
    'installSnapshot',
    'readIndexRequest',
    'readIndexResponse',
    'timeoutNow',
  ] as const),
] as const;
const entryKinds: readonly EntryKind[] = ['command', 'configuration', 'empty'];

export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter().byte(messageFormat).byte(types.indexOf(message.type));
  writer.id(message.to).whole(message.term);
  switch (message.type) {
    case 'voteRequest':
      writer.flag(message.preVote).whole(message.lastIndex).whole(message.lastTerm).flag(message.transfer);
      break;
    case 'voteResponse':
      writer.flag(message.preVote).flag(message.granted);
      break;
    case 'appendRequest':
      writer.whole(message.session).whole(message.previousIndex).whole(message.previousTerm);
      writer.whole(message.commit).list(message.entries, (entry) => writeEntry(writer, entry));
      break;
    case 'appendResponse':
      writer.whole(message.session).flag(message.accepted).whole(message.index);
      writer.whole(message.hintIndex).whole(message.hintTerm);
      break;
    case 'heartbeat':
      writer.whole(message.session).whole(message.commit).whole(message.readRound);
      break;
    case 'heartbeatResponse':
      writer.whole(message.session).whole(message.readRound);
      break;
    case 'installSnapshot':
      writer.whole(message.session).whole(message.snapshot.index).whole(message.snapshot.term);
      writer.bytes(encodeConfiguration(message.snapshot.configuration));
      break;
    case 'readIndexRequest':
      writer.text(message.context);
      break;
    case 'readIndexResponse':
      writer.text(message.context).flag(message.index !== null);
      if (message.index !== null) writer.whole(message.index);
      break;
    case 'timeoutNow':
      break;
  }
  return writer.finish();
}

/** null when the bytes are no message. `from` is the node at the other end of the connection. */
export function decodeMessage(frame: Uint8Array, from: NodeId): Message | null {
  try {
    const reader = new ByteReader(frame);
    if (reader.byte() !== messageFormat) return null;
    const type = types[reader.byte()];
    if (type === undefined) return null;
    const addressed = { from, to: reader.id() as NodeId, term: reader.whole() as Term };
    const message = readRest(reader, type, addressed);
    reader.end();
    return message;
  } catch (error) {
    if (error instanceof BytesError) return null;
    throw error;
  }
}

function readRest(
  reader: ByteReader,
  type: Message['type'],
  addressed: { readonly from: NodeId; readonly to: NodeId; readonly term: Term },
): Message {
  const index = (): LogIndex => reader.whole() as LogIndex;
  const term = (): Term => reader.whole() as Term;
  switch (type) {
    case 'voteRequest': {
      const preVote = reader.flag();
      return { type, ...addressed, preVote, lastIndex: index(), lastTerm: term(), transfer: reader.flag() };
    }
    case 'voteResponse':
      return { type, ...addressed, preVote: reader.flag(), granted: reader.flag() };
    case 'appendRequest': {
      const head = { session: reader.whole(), previousIndex: index(), previousTerm: term(), commit: index() };
      return { type, ...addressed, ...head, entries: reader.list(() => readEntry(reader)) };
    }
    case 'appendResponse': {
      const head = { session: reader.whole(), accepted: reader.flag(), index: index() };
      return { type, ...addressed, ...head, hintIndex: index(), hintTerm: term() };
    }
    case 'heartbeat':
      return { type, ...addressed, session: reader.whole(), commit: index(), readRound: reader.whole() };
    case 'heartbeatResponse':
      return { type, ...addressed, session: reader.whole(), readRound: reader.whole() };
    case 'installSnapshot':
      return { type, ...addressed, session: reader.whole(), snapshot: readSnapshot(reader) };
    case 'readIndexRequest':
      return { type, ...addressed, context: reader.text() };
    case 'readIndexResponse':
      return { type, ...addressed, context: reader.text(), index: reader.flag() ? index() : null };
    case 'timeoutNow':
      return { type, ...addressed };
  }
}

function writeEntry(writer: ByteWriter, { index, term, kind, data }: Entry): void {
  writer.whole(index).whole(term).byte(entryKinds.indexOf(kind)).bytes(data);
}

function readEntry(reader: ByteReader): Entry {
  const index = reader.whole() as LogIndex;
  const term = reader.whole() as Term;
  const kind = entryKinds[reader.byte()];
  if (kind === undefined) throw new BytesError('an entry of an unknown kind');
  // A copy: entries are kept, and a view would keep everything that was received with it.
  return { index, term, kind, data: Buffer.from(reader.bytes()) };
}

function readSnapshot(reader: ByteReader): SnapshotMeta {
  const index = reader.whole() as LogIndex;
  const term = reader.whole() as Term;
  const configuration = decodeConfiguration(reader.bytes());
  if (configuration === null) throw new BytesError('a configuration that cannot be read');
  return { index, term, configuration };
}

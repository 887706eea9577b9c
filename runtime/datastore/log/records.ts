/** Records of the log as bytes and back: entries, term and vote, and the base the log starts from. */
import { configurationFault, decodeConfiguration, encodeConfiguration } from '../../raft/configuration.ts';
import type { Entry, EntryKind, HardState, LogIndex, NodeId, SnapshotMeta, Term } from '../../raft/types.ts';
import {
  BaseVariant,
  EntryVariant,
  getField,
  putField,
  RECORD_HEADER_BYTES,
  RecordKind,
  recordHeader,
} from './layout.ts';

export type LogRecord =
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  /** `replacesLog`: everything before is void; otherwise entries after the base stay. */
  | { readonly kind: 'base'; readonly base: SnapshotMeta; readonly replacesLog: boolean }
  | { readonly kind: 'entry'; readonly entry: Entry };

interface Fields {
  readonly kind: number;
  readonly variant: number;
  readonly index: number;
  readonly term: number;
  readonly body: Uint8Array;
}

const entryKinds = Object.keys(EntryVariant) as EntryKind[];

export function encodeRecord(record: LogRecord): Buffer {
  const { kind, variant, index, term, body } = toFields(record);
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + body.length);
  putField(bytes, 0, recordHeader.kind, kind);
  putField(bytes, 0, recordHeader.variant, variant);
  putField(bytes, 0, recordHeader.bodyBytes, body.length);
  putField(bytes, 0, recordHeader.index, index);
  putField(bytes, 0, recordHeader.term, term);
  bytes.set(body, RECORD_HEADER_BYTES);
  return bytes;
}

/** How many bytes `encodeRecord` gives. */
export function recordBytes(record: LogRecord): number {
  return RECORD_HEADER_BYTES + toFields(record).body.length;
}

/** The records in a frame's payload, or null when it does not hold exactly this many good ones. */
export function decodeRecords(payload: Buffer, count: number): LogRecord[] | null {
  const records: LogRecord[] = [];
  let offset = 0;
  while (offset + RECORD_HEADER_BYTES <= payload.length) {
    const end = offset + RECORD_HEADER_BYTES + getField(payload, offset, recordHeader.bodyBytes);
    if (end > payload.length) return null;
    const record = decodeRecord(payload.subarray(offset, end));
    if (record === null) return null;
    records.push(record);
    offset = end;
  }
  return offset === payload.length && records.length === count ? records : null;
}

function toFields(record: LogRecord): Fields {
  switch (record.kind) {
    case 'hardState': {
      const { term, vote, commit } = record.hardState;
      return {
        kind: RecordKind.hardState,
        variant: 0,
        index: commit,
        term,
        body: Buffer.from(vote ?? '', 'utf8'),
      };
    }
    case 'base': {
      const { index, term, configuration } = record.base;
      const variant = record.replacesLog ? BaseVariant.replacesLog : BaseVariant.keepsLaterEntries;
      return { kind: RecordKind.base, variant, index, term, body: encodeConfiguration(configuration) };
    }
    case 'entry': {
      const { index, term, kind, data } = record.entry;
      return { kind: RecordKind.entry, variant: EntryVariant[kind], index, term, body: data };
    }
  }
}

function decodeRecord(bytes: Buffer): LogRecord | null {
  const variant = getField(bytes, 0, recordHeader.variant);
  const index = getField(bytes, 0, recordHeader.index) as LogIndex;
  const term = getField(bytes, 0, recordHeader.term) as Term;
  // A copy: a view would keep the whole segment in memory.
  const body = new Uint8Array(bytes.subarray(RECORD_HEADER_BYTES));
  switch (getField(bytes, 0, recordHeader.kind)) {
    case RecordKind.hardState: {
      const vote = body.length === 0 ? null : (Buffer.from(body).toString('utf8') as NodeId);
      return { kind: 'hardState', hardState: { term, vote, commit: index } };
    }
    case RecordKind.base: {
      const configuration = decodeConfiguration(body);
      if (configuration === null || configurationFault(configuration, true) !== null) return null;
      const replacesLog = variant === BaseVariant.replacesLog;
      return { kind: 'base', base: { index, term, configuration }, replacesLog };
    }
    case RecordKind.entry: {
      const kind = entryKinds.find((each) => EntryVariant[each] === variant);
      return kind === undefined ? null : { kind: 'entry', entry: { index, term, kind, data: body } };
    }
    default:
      return null;
  }
}

/**
 * Commands as bytes: what the log holds and what nodes forward to the leader. The first byte is the format; a command
 * of another format is refused by every replica alike.
 */
import { ByteReader, BytesError, ByteWriter } from '../../encoding/bytes.ts';
import type { AlarmKind, Command, CommandBody, CommandId, TransactionBody } from './commands.ts';
import type {
  Comparison,
  ComparisonTarget,
  KeyRange,
  Operation,
  PutOperation,
  RangeQuery,
  Relation,
  SortTarget,
} from './model.ts';

export const commandFormat = 1;

// The place of a word in its list is its code in the log: only ever append.
const bodyKinds = ['transaction', 'compact', 'grantLease', 'revokeLease', 'raiseAlarm', 'disarm'] as const;
const operationKinds = ['put', 'delete', 'range', 'transaction'] as const;
const targets: readonly ComparisonTarget[] = [
  'version',
  'createRevision',
  'modifyRevision',
  'lease',
  'value',
];
const relations: readonly Relation[] = ['equal', 'notEqual', 'greater', 'less'];
const sortTargets: readonly SortTarget[] = ['key', 'version', 'createRevision', 'modifyRevision', 'value'];
const alarms: readonly AlarmKind[] = ['noSpace', 'corrupt'];

/** Encodes a command that `findProblem` has found sound. */
export function encodeCommand({ body, ...id }: Command): Uint8Array {
  return joinCommand(id, encodeBody(body));
}

/** What a command does, without its name. */
export function encodeBody(body: CommandBody): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, body);
  return writer.finish();
}

/** The command of this name that does what the encoded body says. */
export function joinCommand({ session, sequence, acknowledged }: CommandId, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter().byte(commandFormat).whole(session).whole(sequence).whole(acknowledged);
  return writer.raw(body).finish();
}

/** Decodes an entry's data; null when it is no command of this format, which every replica decides alike. */
export function decodeCommand(data: Uint8Array): Command | null {
  try {
    const reader = new ByteReader(data);
    if (reader.byte() !== commandFormat) return null;
    const id = { session: reader.whole(), sequence: reader.whole(), acknowledged: reader.whole() };
    const body = readBody(reader);
    reader.end();
    return { ...id, body };
  } catch (error) {
    if (error instanceof BytesError) return null;
    throw error;
  }
}

function writeBody(writer: ByteWriter, body: CommandBody): void {
  writer.byte(bodyKinds.indexOf(body.kind));
  switch (body.kind) {
    case 'transaction':
      writeBranches(writer, body);
      break;
    case 'compact':
      writer.whole(body.revision);
      break;
    case 'grantLease':
      writer.whole(body.lease).whole(body.seconds);
      break;
    case 'revokeLease':
      writer.whole(body.lease).whole(body.granted);
      break;
    case 'raiseAlarm':
      writer.id(body.member).byte(alarms.indexOf(body.alarm));
      break;
    case 'disarm':
      writer.byte(alarms.indexOf(body.alarm));
      break;
  }
}

function readBody(reader: ByteReader): CommandBody {
  const kind = pick(bodyKinds, reader.byte());
  switch (kind) {
    case 'transaction':
      return { kind, ...readBranches(reader) };
    case 'compact':
      return { kind, revision: reader.whole() };
    case 'grantLease':
      return { kind, lease: reader.whole(), seconds: reader.whole() };
    case 'revokeLease':
      return { kind, lease: reader.whole(), granted: reader.whole() };
    case 'raiseAlarm':
      return { kind, member: reader.id(), alarm: pick(alarms, reader.byte()) };
    case 'disarm':
      return { kind, alarm: pick(alarms, reader.byte()) };
  }
}

type Branches = Pick<TransactionBody, 'compare' | 'success' | 'failure'>;

function writeBranches(writer: ByteWriter, { compare, success, failure }: Branches): void {
  writer.list(compare, (each) => writeComparison(writer, each));
  writer.list(success, (each) => writeOperation(writer, each));
  writer.list(failure, (each) => writeOperation(writer, each));
}

function readBranches(reader: ByteReader): Branches {
  return {
    compare: reader.list(() => readComparison(reader)),
    success: reader.list(() => readOperation(reader)),
    failure: reader.list(() => readOperation(reader)),
  };
}

function writeComparison(writer: ByteWriter, comparison: Comparison): void {
  writeRange(writer, comparison);
  writer.byte(targets.indexOf(comparison.target)).byte(relations.indexOf(comparison.relation ?? 'equal'));
  if (comparison.target === 'value') writer.bytes(comparison.is);
  else writer.flag(comparison.is < 0).whole(Math.abs(comparison.is));
}

function readComparison(reader: ByteReader): Comparison {
  const range = readRange(reader);
  const target = pick(targets, reader.byte());
  const relation = pick(relations, reader.byte());
  if (target === 'value') return { ...range, target, relation, is: reader.bytes() };
  const sign = reader.flag() ? -1 : 1;
  return { ...range, target, relation, is: sign * reader.whole() };
}

function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.byte(operationKinds.indexOf(operation.operation));
  switch (operation.operation) {
    case 'put':
      writePut(writer, operation);
      break;
    case 'delete':
      writeRange(writer, operation);
      writer.flag(operation.previous === true);
      break;
    case 'range':
      writeQuery(writer, operation);
      break;
    case 'transaction':
      writeBranches(writer, operation);
      break;
  }
}

function readOperation(reader: ByteReader): Operation {
  const operation = pick(operationKinds, reader.byte());
  switch (operation) {
    case 'put':
      return readPut(reader);
    case 'delete':
      return { operation, ...readRange(reader), previous: reader.flag() };
    case 'range':
      return { operation, ...readQuery(reader) };
    case 'transaction':
      return { operation, ...readBranches(reader) };
  }
}

function writePut(writer: ByteWriter, put: PutOperation): void {
  const { key, value, lease, previous, keepValue, keepLease } = put;
  writer.byte((previous ? 1 : 0) | (keepValue ? 2 : 0) | (keepLease ? 4 : 0));
  writer
    .bytes(key)
    .bytes(value)
    .whole(lease ?? 0);
}

function readPut(reader: ByteReader): PutOperation {
  const flags = reader.byte();
  if (flags > 7) throw new BytesError('unknown option of a put');
  return {
    operation: 'put',
    previous: (flags & 1) !== 0,
    keepValue: (flags & 2) !== 0,
    keepLease: (flags & 4) !== 0,
    key: reader.bytes(),
    value: reader.bytes(),
    lease: reader.whole(),
  };
}

function writeQuery(writer: ByteWriter, query: RangeQuery): void {
  writeRange(writer, query);
  writer.whole(query.limit ?? 0).whole(query.revision ?? 0);
  writer.byte((query.keysOnly ? 1 : 0) | (query.countOnly ? 2 : 0) | (query.sort ? 4 : 0));
  if (query.sort) writer.byte(sortTargets.indexOf(query.sort.by)).flag(query.sort.descending);
  writer.whole(query.leastModifyRevision ?? 0).whole(query.mostModifyRevision ?? 0);
  writer.whole(query.leastCreateRevision ?? 0).whole(query.mostCreateRevision ?? 0);
}

function readQuery(reader: ByteReader): RangeQuery {
  const range = readRange(reader);
  const limit = reader.whole();
  const revision = reader.whole();
  const flags = reader.byte();
  if (flags > 7) throw new BytesError('unknown option of a range');
  const sorted = (flags & 4) !== 0;
  const sort = sorted ? { by: pick(sortTargets, reader.byte()), descending: reader.flag() } : undefined;
  return {
    ...range,
    limit,
    revision,
    keysOnly: (flags & 1) !== 0,
    countOnly: (flags & 2) !== 0,
    ...(sort === undefined ? {} : { sort }),
    leastModifyRevision: reader.whole(),
    mostModifyRevision: reader.whole(),
    leastCreateRevision: reader.whole(),
    mostCreateRevision: reader.whole(),
  };
}

function writeRange(writer: ByteWriter, { key, end }: KeyRange): void {
  writer.bytes(key).flag(end !== undefined);
  if (end !== undefined) writer.bytes(end);
}

function readRange(reader: ByteReader): KeyRange {
  const key = reader.bytes();
  return reader.flag() ? { key, end: reader.bytes() } : { key };
}

function pick<Word>(words: readonly Word[], code: number): Word {
  const word = words[code];
  if (word === undefined) throw new BytesError(`code ${code} is not known`);
  return word;
}

/** Results of commands as bytes: kept in the state for commands that come again, and sent back to the node that asked. */
import { ByteReader, BytesError, ByteWriter } from '../../encoding/bytes.ts';
import type { CommandResult, RefusalCode } from './commands.ts';
import type { KeyValue, OperationResult } from './model.ts';

// The place of a word in its list is its code: only ever append.
const resultKinds = ['transaction', 'done', 'refused'] as const;
const operationKinds = ['put', 'delete', 'range', 'transaction'] as const;
const codes: readonly RefusalCode[] = [
  ...(['invalid', 'compacted', 'future', 'keyNotFound', 'leaseNotFound', 'leaseExists'] as const),
  ...(['noSpace', 'sessionExpired'] as const),
];

export function encodeResult(result: CommandResult): Uint8Array {
  const writer = new ByteWriter().byte(resultKinds.indexOf(result.kind)).whole(result.revision);
  switch (result.kind) {
    case 'transaction':
      writer.flag(result.succeeded).list(result.results, (each) => writeOperation(writer, each));
      break;
    case 'done':
      break;
    case 'refused':
      writer.byte(codes.indexOf(result.code)).text(result.reason).whole(result.at);
      break;
  }
  return writer.finish();
}

/** Throws `BytesError` on anything that `encodeResult` did not write. */
export function decodeResult(bytes: Uint8Array): CommandResult {
  const reader = new ByteReader(bytes);
  const kind = pick(resultKinds, reader.byte());
  const revision = reader.whole();
  switch (kind) {
    case 'transaction':
      return { kind, revision, succeeded: reader.flag(), results: reader.list(() => readOperation(reader)) };
    case 'done':
      return { kind, revision };
    case 'refused':
      return { kind, revision, code: pick(codes, reader.byte()), reason: reader.text(), at: reader.whole() };
  }
}

function writeOperation(writer: ByteWriter, result: OperationResult): void {
  writer.byte(operationKinds.indexOf(result.operation));
  switch (result.operation) {
    case 'put':
      writer.list(result.previous === null ? [] : [result.previous], (each) => writeKeyValue(writer, each));
      break;
    case 'delete':
      writer.whole(result.deleted).list(result.previous, (each) => writeKeyValue(writer, each));
      break;
    case 'range':
      writer.list(result.items, (each) => writeKeyValue(writer, each));
      writer.flag(result.more).whole(result.count);
      break;
    case 'transaction':
      writer.flag(result.succeeded).list(result.results, (each) => writeOperation(writer, each));
      break;
  }
}

function readOperation(reader: ByteReader): OperationResult {
  const operation = pick(operationKinds, reader.byte());
  switch (operation) {
    case 'put':
      return { operation, previous: reader.list(() => readKeyValue(reader))[0] ?? null };
    case 'delete':
      return { operation, deleted: reader.whole(), previous: reader.list(() => readKeyValue(reader)) };
    case 'range':
      return {
        operation,
        items: reader.list(() => readKeyValue(reader)),
        more: reader.flag(),
        count: reader.whole(),
      };
    case 'transaction':
      return { operation, succeeded: reader.flag(), results: reader.list(() => readOperation(reader)) };
  }
}

export function writeKeyValue(writer: ByteWriter, item: KeyValue): void {
  writer.bytes(item.key).bytes(item.value).whole(item.createRevision);
  writer.whole(item.modifyRevision).whole(item.version).whole(item.lease);
}

export function readKeyValue(reader: ByteReader): KeyValue {
  return {
    key: reader.bytes(),
    value: reader.bytes(),
    createRevision: reader.whole(),
    modifyRevision: reader.whole(),
    version: reader.whole(),
    lease: reader.whole(),
  };
}

function pick<Word>(words: readonly Word[], code: number): Word {
  const word = words[code];
  if (word === undefined) throw new BytesError(`code ${code} is not known`);
  return word;
}

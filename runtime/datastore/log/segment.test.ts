import t from 'tap';
import { encodeConfiguration } from '../../raft/configuration.ts';
import type { Configuration, Entry, HardState, SnapshotMeta } from '../../raft/types.ts';
import { decodeRecords, encodeRecord, type LogRecord, recordBytes } from './records.ts';
import { decodeFrame, decodeSegmentHeader, encodeFrame, encodeSegmentHeader, findFrame } from './segment.ts';

const nonce = 0x1122334455667788n;
const entry = { index: 5, term: 2, kind: 'command', data: new Uint8Array([0xca, 0xfe]) } as Entry;
const hardState = { term: 7, vote: '00112233445566aa', commit: 4 } as HardState;
const configuration = { voters: ['a'], outgoing: [], learners: ['b'] } as unknown as Configuration;
const base = { index: 3, term: 1, configuration } as SnapshotMeta;
const records: LogRecord[] = [
  { kind: 'hardState', hardState },
  { kind: 'base', base, replacesLog: true },
  { kind: 'entry', entry },
  { kind: 'entry', entry: { ...entry, kind: 'configuration', data: encodeConfiguration(configuration) } },
];

t.test('encodeRecord gives these bytes', async (t) => {
  const hex = (record: LogRecord) => encodeRecord(record).toString('hex');
  t.equal(hex({ kind: 'entry', entry }), '030000000200000005000000000000000200000000000000cafe');
  const vote = Buffer.from('00112233445566aa').toString('hex');
  t.equal(hex({ kind: 'hardState', hardState }), `010000001000000004000000000000000700000000000000${vote}`);
  const bytes = '0100010161000000010162';
  t.equal(
    hex({ kind: 'base', base, replacesLog: true }),
    `020100000b00000003000000000000000100000000000000${bytes}`,
  );
});

t.test('encodeSegmentHeader gives these bytes, and decodeSegmentHeader reads them', async (t) => {
  const bytes = encodeSegmentHeader({ sequence: 3, nonce });
  const rest = '030000000000000088776655443322110000000000000000';
  t.equal(bytes.toString('latin1', 0, 8), 'TRIVTLOG');
  t.equal(bytes.toString('hex', 8, 12), '01000000');
  t.equal(bytes.toString('hex', 16), rest);
  t.same(decodeSegmentHeader(bytes), { kind: 'ok', header: { sequence: 3, nonce } });
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    t.equal(decodeSegmentHeader(damaged).kind, 'bad');
  }
});

t.test('encodeFrame gives these bytes', async (t) => {
  const bytes = encodeFrame(nonce, 40, 9, [{ kind: 'entry', entry }]);
  t.equal(bytes.length % 8, 0);
  const header = '46524d450cfae12209000000000000001a00000001000000';
  const record = '030000000200000005000000000000000200000000000000cafe';
  t.equal(bytes.toString('hex'), `${header}${record}${'00'.repeat(6)}`);
});

t.test('decodeFrame returns what encodeFrame was given, at its place and in its segment only', async (t) => {
  const bytes = encodeFrame(nonce, 8, 9, records);
  const segment = Buffer.concat([Buffer.alloc(8), bytes, bytes]);
  t.same(decodeFrame(segment, nonce, 8), { number: 9, records, end: 8 + bytes.length });
  t.equal(decodeFrame(segment, nonce, 8 + bytes.length), null, 'a copy elsewhere is no frame');
  t.equal(decodeFrame(segment, nonce + 1n, 8), null, 'nor is one of another segment');
  t.equal(findFrame(segment, nonce, 0)?.end, 8 + bytes.length);
  t.equal(findFrame(segment, nonce, 9), null);
});

t.test('recordBytes is the length that encodeRecord gives', async (t) => {
  for (const record of records) t.equal(recordBytes(record), encodeRecord(record).length);
});

t.test('decodeRecords refuses a wrong count, a cut payload and unknown kinds', async (t) => {
  const payload = Buffer.concat(records.map(encodeRecord));
  t.same(decodeRecords(payload, records.length), records);
  t.equal(decodeRecords(payload, records.length + 1), null);
  for (const cut of [1, 10, payload.length - 1]) t.equal(decodeRecords(payload.subarray(0, cut), 4), null);
  const unknown = Buffer.from(payload);
  unknown.writeUInt8(99, 0);
  t.equal(decodeRecords(unknown, records.length), null);
});

import fc from 'fast-check';
import t from 'tap';
import { encodeConfiguration } from '../raft/configuration.ts';
import type { LogIndex, Message, NodeId, Term } from '../raft/types.ts';
import { decodeMessage, encodeMessage } from './raft-messages.ts';

const from = 'aaaaaaaaaaaaaaaa' as NodeId;
const to = 'bbbbbbbbbbbbbbbb' as NodeId;
const configuration = { voters: [from, to], outgoing: [], learners: [] };
const addressed = { from, to, term: 7 as Term };
const index = (value: number): LogIndex => value as LogIndex;

const messages: readonly Message[] = [
  {
    type: 'voteRequest',
    ...addressed,
    preVote: true,
    lastIndex: index(9),
    lastTerm: 3 as Term,
    transfer: false,
  },
  { type: 'voteResponse', ...addressed, preVote: false, granted: true },
  {
    type: 'appendRequest',
    ...addressed,
    ...{ session: 4, previousIndex: index(2 ** 40), previousTerm: 3 as Term, commit: index(5) },
    entries: [
      { index: index(10), term: 7 as Term, kind: 'command', data: Buffer.from('command') },
      {
        index: index(11),
        term: 7 as Term,
        kind: 'configuration',
        data: Buffer.from(encodeConfiguration(configuration)),
      },
      { index: index(12), term: 7 as Term, kind: 'empty', data: Buffer.alloc(0) },
    ],
  },
  {
    ...{ type: 'appendResponse', ...addressed, session: 4, accepted: false, index: index(3) },
    ...{ hintIndex: index(2), hintTerm: 1 as Term },
  } as Message,
  { type: 'heartbeat', ...addressed, session: 1, commit: index(0), readRound: 6 },
  { type: 'heartbeatResponse', ...addressed, session: 1, readRound: 6 },
  {
    type: 'installSnapshot',
    ...addressed,
    session: 2,
    snapshot: { index: index(5), term: 2 as Term, configuration },
  },
  { type: 'readIndexRequest', ...addressed, context: 'a read' },
  { type: 'readIndexResponse', ...addressed, context: 'a read', index: index(8) },
  { type: 'readIndexResponse', ...addressed, context: 'a read', index: null },
  { type: 'timeoutNow', ...addressed },
];

t.test('every message comes back from its bytes as it was', async (t) => {
  for (const message of messages) t.same(decodeMessage(encodeMessage(message), from), message, message.type);
});

t.test('decodeMessage believes the connection, not the message, about who sent it', async (t) => {
  const spoofed = encodeMessage({ ...messages[0]!, from: to });
  t.equal(decodeMessage(spoofed, from)?.from, from);
});

t.test('decodeMessage takes any bytes and never throws', async (t) => {
  for (const message of messages) {
    const good = encodeMessage(message);
    for (let length = 0; length < good.length; length += 1)
      t.equal(decodeMessage(good.subarray(0, length), from), null);
    t.equal(decodeMessage(new Uint8Array([...good, 0]), from), null, 'bytes after the end');
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => void decodeMessage(junk, from)));
  fc.assert(
    fc.property(fc.nat(9), fc.uint8Array({ maxLength: 80 }), (type, junk) => {
      decodeMessage(new Uint8Array([1, type, ...junk]), from);
    }),
    { numRuns: 1000 },
  );
});

/** Consensus messages as bytes, and the check of what comes in: a peer's bytes are data, never trusted shapes. */
import { z } from 'zod';
import { decodeEnvelope, encodeEnvelope } from '../encoding/envelope.ts';
import type { Message, NodeId } from '../raft/types.ts';

const nodeId = z.string().regex(/^[0-9a-f]{16}$/);
const whole = z.int().min(0);
const addressed = { from: nodeId, to: nodeId, term: whole };
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const entry = z.object({
  index: whole,
  term: whole,
  kind: z.enum(['command', 'configuration', 'empty']),
  data: bytes,
});

const configuration = z.object({
  voters: z.array(nodeId),
  outgoing: z.array(nodeId),
  learners: z.array(nodeId),
});

const messageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('voteRequest'),
    ...addressed,
    preVote: z.boolean(),
    lastIndex: whole,
    lastTerm: whole,
    transfer: z.boolean(),
  }),
  z.object({ type: z.literal('voteResponse'), ...addressed, preVote: z.boolean(), granted: z.boolean() }),
  z.object({
    type: z.literal('appendRequest'),
    ...addressed,
    session: whole,
    previousIndex: whole,
    previousTerm: whole,
    entries: z.array(entry),
    commit: whole,
  }),
  z.object({
    type: z.literal('appendResponse'),
    ...addressed,
    session: whole,
    accepted: z.boolean(),
    index: whole,
    hintIndex: whole,
    hintTerm: whole,
  }),
  z.object({ type: z.literal('heartbeat'), ...addressed, session: whole, commit: whole, readRound: whole }),
  z.object({ type: z.literal('heartbeatResponse'), ...addressed, session: whole, readRound: whole }),
  z.object({
    type: z.literal('installSnapshot'),
    ...addressed,
    session: whole,
    snapshot: z.object({ index: whole, term: whole, configuration }),
  }),
  z.object({ type: z.literal('readIndexRequest'), ...addressed, context: z.string().max(256) }),
  z.object({
    type: z.literal('readIndexResponse'),
    ...addressed,
    context: z.string().max(256),
    index: whole.nullable(),
  }),
  z.object({ type: z.literal('timeoutNow'), ...addressed }),
]);

export function encodeMessage(message: Message): Uint8Array {
  return encodeEnvelope(message);
}

/** null when the bytes are no message, or say they are from another node than the connection's. */
export function decodeMessage(frame: Uint8Array, from: NodeId): Message | null {
  try {
    const message = messageSchema.parse(decodeEnvelope(frame)) as unknown as Message;
    return message.from === from ? message : null;
  } catch {
    return null;
  }
}

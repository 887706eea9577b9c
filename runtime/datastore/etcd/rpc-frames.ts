/** gRPC's framing on a stream of messages: one byte "compressed", four of length, the message. */
import type { ServerHttp2Stream } from 'node:http2';
import { etcdText, GrpcError, grpcCode } from './status.ts';

const frameHeaderBytes = 5;

/**
 * The messages of a stream, one at a time: the next bytes are taken when the last message has been dealt with, so that
 * a client that sends faster than it is served waits.
 * @throws GrpcError when a frame is too large, compressed, or cut off by the end.
 */
export async function* readMessages(
  stream: ServerHttp2Stream,
  largestBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < frameHeaderBytes) break;
      const length = checkHeader(rest, largestBytes);
      if (rest.length < frameHeaderBytes + length) break;
      yield rest.subarray(frameHeaderBytes, frameHeaderBytes + length);
      rest = rest.subarray(frameHeaderBytes + length);
    }
  }
  if (rest.length > 0) throw new GrpcError(grpcCode.internal, 'the stream ends within a message');
}

function checkHeader(bytes: Buffer, largestBytes: number): number {
  if (bytes[0] !== 0) throw new GrpcError(grpcCode.unimplemented, 'compressed messages are not understood');
  const length = bytes.readUInt32BE(1);
  if (length > largestBytes) throw new GrpcError(grpcCode.invalidArgument, etcdText.tooLarge);
  return length;
}

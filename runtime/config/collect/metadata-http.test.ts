import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { MetadataError } from './metadata-error.ts';
import { askMetadata } from './metadata-http.ts';

/** Pieces of answers, for a client that reads HTTP. */
const head = fc.constantFrom(
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 404 \r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  'HTTP/1.1 999999 ?\r\n',
  'HTTP/9.9 200\n',
);
const field = fc.constantFrom(
  ...['content-length: 5\r\n', 'content-length: -1\r\n', 'content-length: 99999999999999999999\r\n'],
  ...['transfer-encoding: chunked\r\n', 'content-encoding: gzip\r\n', ': \r\n', ' folded\r\n', 'a\0b: c\r\n'],
  ...['\r\n', 'ffffffffffffffff\r\n', '3\r\nabc\r\n0\r\n\r\n'],
);
const answer = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(head, fc.array(field, { maxLength: 6 }))
    .map(([first, more]) => Buffer.from(first + more.join(''), 'latin1')),
);

t.test('askMetadata survives any answer', async (t) => {
  let bytes = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await fc.assert(
    fc.asyncProperty(answer, async (some) => {
      bytes = some;
      try {
        const body = await askMetadata(
          { name: 'Test', base, signal: AbortSignal.timeout(2_000) },
          { path: '/x?secret=1' },
        );
        return body === null || body.length <= some.length;
      } catch (error) {
        return error instanceof MetadataError && /^Test: .* for \/x$/.test(error.message);
      }
    }),
    { numRuns: 400 },
  );
});

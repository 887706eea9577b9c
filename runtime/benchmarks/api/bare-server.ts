/**
 * The floor: a server of Node's own over HTTP/2 that reads a body, parses it, and answers with it. It stores nothing, checks
 * nothing, and is what no API server in this language can be quicker than. A process of its own; prints its port.
 */
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

const [key = '', cert = ''] = process.argv.slice(2).map((text) => Buffer.from(text, 'base64').toString());
const server = http2.createSecureServer({ key, cert });
let last = Buffer.from('{}');
server.on('request', (request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    if (pieces.length > 0) last = Buffer.from(JSON.stringify(JSON.parse(Buffer.concat(pieces).toString())));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(last);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

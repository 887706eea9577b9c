/**
 * The peer port's door for operators, both sides of it: what a program with an unknown key is told, and how one with an
 * operator's key connects. What is asked is in the agent.
 */
import type tls from 'node:tls';
import { encodeEnvelope } from '../encoding/envelope.ts';
import { alpn } from './alpn.ts';
import { connect, type Endpoint } from './dial.ts';
import { writeFrame } from './frames.ts';

/** For the refusal to leave. */
const farewellMilliseconds = 1_000;

const refusal = {
  code: 'unknownOperator',
  message:
    'It knows no operator with this key. Its image was built with another one, or its configuration names others (operators).',
};

/** Answers the first request, whatever it will be, without reading a byte of it, and hangs up. */
export function refuseOperator(socket: tls.TLSSocket): void {
  socket.resume();
  writeFrame(socket, encodeEnvelope({ id: 1, error: refusal }));
  socket.end();
  setTimeout(() => socket.destroy(), farewellMilliseconds).unref();
}

/** Connects with an operator's key and a certificate of it, in PEM. Rejects with `DialError`; who answers is not judged. */
export function dialAsOperator(
  endpoint: Endpoint,
  { privateKey, certificate }: { readonly privateKey: string; readonly certificate: string },
): Promise<tls.TLSSocket> {
  return connect(endpoint, alpn.operator, { key: privateKey, cert: certificate, minVersion: 'TLSv1.3' });
}

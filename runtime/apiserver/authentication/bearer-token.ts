/**
 * Where a request has its token: in its Authorization header, or, as browsers can set no headers for WebSockets, among the
 * protocols that it offers. (k8s.io/apiserver/pkg/authentication/request/bearertoken, websocket) Pure.
 */
import type { Headers } from './headers.ts';

export type PresentedToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'malformed'; readonly why: string };

const none: PresentedToken = { kind: 'none' };
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

export function tokenOfHeader(headers: Headers): PresentedToken {
  const [scheme = '', token = ''] = (headers.authorization?.[0] ?? '').trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? { kind: 'token', token } : none;
}

export function tokenOfProtocols(headers: Headers): PresentedToken {
  if (!isWebSocketRequest(headers)) return none;
  const protocols = offeredProtocols(headers);
  const tokens = protocols.filter((protocol) => protocol.startsWith(protocolPrefix));
  const [first] = tokens;
  if (first === undefined) return none;
  if (tokens.length > 1) return malformed('multiple base64.bearer.authorization tokens specified');
  const encoded = first.slice(protocolPrefix.length);
  if (!/^[A-Za-z0-9_-]*$/.test(encoded))
    return malformed('invalid base64.bearer.authorization token encoding');
  const token = Buffer.from(encoded, 'base64url').toString();
  if (token === '') return none;
  // One of the others is what the server answers with.
  return protocols.length === 1 ? malformed('missing additional subprotocol') : { kind: 'token', token };
}

/** What a client offers to speak, without its token. */
export function protocolsWithoutToken(headers: Headers): readonly string[] {
  return offeredProtocols(headers).filter((protocol) => !protocol.startsWith(protocolPrefix));
}

function offeredProtocols(headers: Headers): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? [])
    .flatMap((header) => header.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

function isWebSocketRequest(headers: Headers): boolean {
  const words = (name: string): readonly string[] =>
    (headers[name] ?? []).flatMap((header) => header.toLowerCase().split(',')).map((word) => word.trim());
  return words('connection').includes('upgrade') && words('upgrade').includes('websocket');
}

function malformed(why: string): PresentedToken {
  return { kind: 'malformed', why };
}

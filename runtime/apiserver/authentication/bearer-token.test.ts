import t from 'tap';
import { protocolsWithoutToken, tokenOfHeader, tokenOfProtocols } from './bearer-token.ts';
import { readHeaders } from './headers.ts';

t.test('tokenOfHeader reads a token', async (t) => {
  for (const [header, token] of [
    ['Bearer abc', 'abc'],
    ['bearer abc more', 'abc'],
    [' BEARER abc ', 'abc'],
    ['Bearer', null],
    ['Bearer  abc', null],
    ['Basic abc', null],
    ['', null],
  ] as const) {
    const expected = token === null ? { kind: 'none' } : { kind: 'token', token };
    t.same(tokenOfHeader(readHeaders(['Authorization', header])), expected, header);
  }
  t.same(tokenOfHeader({}), { kind: 'none' });
});

t.test('tokenOfProtocols reads a token that stands among the protocols of a WebSocket', async (t) => {
  const prefix = 'base64url.bearer.authorization.k8s.io.';
  const upgrade = ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Protocol'];
  const read = (protocols: string) => tokenOfProtocols(readHeaders([...upgrade, protocols]));
  t.same(read(`v5.channel.k8s.io, ${prefix}YWJj`), { kind: 'token', token: 'abc' });
  t.same(read('v5.channel.k8s.io'), { kind: 'none' });
  t.same(read(`a,${prefix}`), { kind: 'none' });
  t.match(read(`${prefix}YWJj`), { why: 'missing additional subprotocol' });
  t.match(read(`a,${prefix}YWJj,${prefix}YWJj`), { why: /^multiple/ });
  t.match(read(`a,${prefix}YW=j`), { why: /encoding/ });
  t.same(tokenOfProtocols(readHeaders(['Sec-WebSocket-Protocol', `a,${prefix}YWJj`])), { kind: 'none' });
  t.same(protocolsWithoutToken(readHeaders([...upgrade, `a,${prefix}YWJj`, 'sec-websocket-protocol', 'b'])), [
    'a',
    'b',
  ]);
});

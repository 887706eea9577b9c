import fc from 'fast-check';
import t from 'tap';
import { type ApiObject, decodeFromStore, encodeForStore, objectHead, servedPieces } from './object-bytes.ts';

const head = objectHead('ConfigMap', 'v1');
const object: ApiObject = {
  data: { a: 'ä"}' },
  metadata: { resourceVersion: '5', name: 'n', namespace: 'd' },
  apiVersion: 'v1',
  kind: 'ConfigMap',
};

function served(stored: Uint8Array, inTypedList: boolean): unknown {
  const pieces = servedPieces(stored, head, 17, { inTypedList });
  return pieces === null ? null : JSON.parse(Buffer.concat(pieces).toString());
}

t.test('encodeForStore puts first what is needed first, and no resource version', async (t) => {
  t.equal(
    encodeForStore(object).toString(),
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","namespace":"d"},"data":{"a":"ä\\"}"}}',
  );
});

t.test('servedPieces are the object with its resource version', async (t) => {
  const stored = encodeForStore(object);
  const whole = { ...object, metadata: { name: 'n', namespace: 'd', resourceVersion: '17' } };
  t.same(served(stored, false), whole);
  t.same(decodeFromStore(stored, 17), whole);
  const { kind, apiVersion, ...item } = whole;
  t.same(served(stored, true), item);
  const bare = encodeForStore({ ...object, metadata: {} });
  t.match(served(bare, false), { metadata: { resourceVersion: '17' } });
});

t.test('servedPieces leaves alone what another version wrote', async (t) => {
  for (const text of [
    '',
    '{}',
    'k8s\0',
    '{"kind":"ConfigMap","apiVersion":"v2","metadata":{}}',
    head.whole.toString(),
  ]) {
    t.equal(served(Buffer.from(text), false), null, JSON.stringify(text));
  }
});

t.test('what is stored comes back, whatever it is', async () => {
  const any = fc.record({
    kind: fc.constant('ConfigMap'),
    apiVersion: fc.constant('v1'),
    metadata: fc.record({ name: fc.string(), labels: fc.dictionary(fc.string(), fc.string()) }),
    data: fc.jsonValue(),
  });
  fc.assert(
    fc.property(any, (value) => {
      const expected = JSON.parse(JSON.stringify(value)) as ApiObject;
      const stored = encodeForStore(value);
      const answer = { ...expected, metadata: { ...expected.metadata, resourceVersion: '17' } };
      t.strictSame(served(stored, false), JSON.parse(JSON.stringify(answer)));
    }),
  );
});

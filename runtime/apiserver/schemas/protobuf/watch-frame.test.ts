import t from 'tap';
import { readGenerated, typesFile } from '../generated-files.ts';
import { Registry } from '../registry.ts';
import { Decoder } from './decode.ts';
import { encodeWatchFrame } from './watch-frame.ts';

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const watchEvent = registry.type('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')!;

t.test('encodeWatchFrame writes a length and an event with its object', async (t) => {
  const object = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a' },
    data: { long: 'x'.repeat(10_000) },
  };
  const frame = encodeWatchFrame(registry, 'MODIFIED', object);
  t.equal(frame.readUInt32BE(0), frame.length - 4);
  const event = new Decoder(registry).message(watchEvent, frame.subarray(4));
  t.equal(event.type, 'MODIFIED');
  t.match(event.object, object);
});

t.test('encodeWatchFrame writes an error as a Status', async (t) => {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 };
  const event = new Decoder(registry).message(
    watchEvent,
    encodeWatchFrame(registry, 'ERROR', status).subarray(4),
  );
  t.match(event, { type: 'ERROR', object: status });
});

t.test('encodeWatchFrame refuses objects that have no message', async (t) => {
  const custom = { kind: 'Foo', apiVersion: 'ex.io/v1' };
  t.throws(() => encodeWatchFrame(registry, 'ADDED', custom), { code: 'unknownKind' });
});

import { createHash } from 'node:crypto';
import t from 'tap';
import { drawLabel, qrText } from './label.ts';
import { modulesOfSvg, readQr } from './testing/read-qr.ts';

function device(seed: number) {
  const fingerprint = createHash('sha256').update(String(seed)).digest('hex').slice(0, 32);
  const id = fingerprint.slice(0, 12).replace(/(....)(....)(....)/, '$1-$2-$3');
  return { id, fingerprint, name: null, serial: null };
}

t.test('drawLabel draws a code that reads as the device', async (t) => {
  const masks = new Set<string>();
  for (let seed = 0; seed < 200; seed += 1) {
    const one = device(seed);
    const modules = modulesOfSvg(drawLabel(one));
    const expected = `TRIVET:${one.id}:${one.fingerprint}`.toUpperCase();
    if (readQr(modules) !== expected) t.fail(`${seed} reads as ${readQr(modules)}`);
    masks.add(modules[8]!.slice(2, 5).join());
  }
  t.ok(masks.size > 4, 'with many masks');
});

t.test('readQr of the tests notices a changed module', async (t) => {
  const modules = modulesOfSvg(drawLabel(device(1))).map((row) => [...row]);
  modules[15]![15] = !modules[15]![15];
  t.throws(() => readQr(modules), /error correction/);
});

t.test('drawLabel says it for people too, whatever is in a serial number', async (t) => {
  const label = drawLabel({ ...device(1), name: 'pos-0001', serial: '<&>"17' });
  for (const text of ['>pos-0001<', `>${device(1).id}<`, '>S/N &lt;&amp;&gt;"17<']) t.match(label, text);
  t.equal(label.match(/<text/g)?.length, 5);
  t.notMatch(label, /font-size="4">[^<]{17}/, 'it would not fit');
  t.equal(qrText(device(1)).length, 54);
});

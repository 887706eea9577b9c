/** What a machine does once for its operators, with files in place of its disk. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { makeDevice } from '../updates/testing/update.ts';
import { makeRecoveryKey, RecoveryError, type RecoveryPlaces } from './make-key.ts';
import { openSealedKey } from './sealed-key.ts';

const golden = JSON.parse(readFileSync(new URL('testing/format-1.json', import.meta.url), 'utf8')) as {
  readonly privateKey: string;
  readonly file: { readonly operatorKey: string };
};
const volume = '75a4a07d-607d-4f49-9c79-406fcb9c87d2';
const key = 'bcdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv';

function makeMachine(t: Test, magic = 'LUKS\xba\xbe\x00\x02') {
  const { device, directory, remounts } = makeDevice();
  t.teardown(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => path.join(directory, name);
  const places: RecoveryPlaces = {
    partition: at('partitions/data'),
    operators: at('operators.json'),
    mark: at('mark'),
  };
  const header = Buffer.alloc(4096);
  header.write(magic, 0, 'latin1');
  header.write(volume, 168, 'latin1');
  writeFileSync(places.partition, header);
  writeFileSync(places.operators, `${JSON.stringify([{ name: 'ada', key: golden.file.operatorKey }])}\n`);
  return { device, places, remounts, recovery: at('efi/recovery') };
}

t.test(
  'makeRecoveryKey writes the key for each operator, and removes what opens nothing any more',
  async (t) => {
    const { device, places, remounts, recovery } = makeMachine(t);
    for (const round of ['first', 'second']) {
      t.same(await makeRecoveryKey(device, 'edge-1', places, async () => key), ['ada'], round);
      t.same(readdirSync(recovery), ['ada.json']);
      t.same(openSealedKey(readFileSync(path.join(recovery, 'ada.json'), 'utf8'), golden.privateKey), {
        ...{ kind: 'opened', key, origin: { machine: 'edge-1', volume } },
      });
      t.equal(
        readFileSync(places.mark, 'utf8'),
        readFileSync(places.operators, 'utf8'),
        'the mark says for whom it was made',
      );
      writeFileSync(path.join(recovery, 'somebody-of-before.json'), '{}');
      await makeRecoveryKey(device, 'edge-1', places, async () => key);
      t.same(readdirSync(recovery), ['ada.json']);
    }
    t.same(remounts.slice(0, 2), ['rw', 'ro']);
  },
);

t.test('makeRecoveryKey that fails leaves no mark, and is done again', async (t) => {
  const { device, places, recovery } = makeMachine(t);
  const fails = makeRecoveryKey(device, 'edge-1', places, async () => {
    throw new RecoveryError('no TPM');
  });
  await t.rejects(fails, { name: 'RecoveryError', message: 'no TPM' });
  t.notOk(existsSync(places.mark));
  t.notOk(existsSync(recovery));
});

t.test('makeRecoveryKey makes none for a partition that is not encrypted', async (t) => {
  const { device, places } = makeMachine(t, 'no magic');
  let asked = false;
  const made = makeRecoveryKey(device, 'edge-1', places, async () => {
    asked = true;
    return key;
  });
  await t.rejects(made, { name: 'RecoveryError', message: /is not encrypted/ });
  t.notOk(asked);
});

t.test('makeRecoveryKey says why systemd made none', async (t) => {
  const { device, places } = makeMachine(t);
  // Here either there is no such program, or it refuses this file.
  await t.rejects(makeRecoveryKey(device, 'edge-1', places), {
    name: 'RecoveryError',
    message: /^systemd-cryptenroll made no recovery key: ./,
  });
});

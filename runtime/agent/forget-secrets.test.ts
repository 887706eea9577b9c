import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { loadConfig } from '../config/load.ts';
import { createLog } from '../logging/log.ts';
import { forgetIn, forgetKeptSecrets, forgetSecrets } from './forget-secrets.ts';

const secret = '0123456789abcdef';
const over = `cluster:\n  secret: ${secret}\n  name: edge\n`;

/** A machine's files: its image, what is on its boot partition, and what it keeps. */
function makeMachine(t: Test, { isMember = true, boot = over } = {}) {
  const directory = t.testdir({
    'image.yaml': '',
    efi: { 'trivet.yaml': boot },
    data: {
      'trivet.yaml': boot,
      'platform-config.yaml': 'a: [',
      ...(isMember ? { 'member.json': '{}' } : {}),
    },
  });
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('image.yaml'), `dataDirectory: ${at('data')}\n`);
  const lines: string[] = [];
  const load = () =>
    loadConfig({
      image: at('image.yaml'),
      bootPartition: at('efi/trivet.yaml'),
      collected: null,
      credentials: null,
    });
  return { at, lines, load, log: createLog((line) => lines.push(line)) };
}

const read = (file: string): string => readFileSync(file, 'utf8');

t.test('forgetSecrets takes the secret of a member out of its files, in their places', async (t) => {
  const { at, load, log } = makeMachine(t);
  const loaded = load();
  const places = [at('efi/trivet.yaml'), at('data/trivet.yaml')];
  const inodes = places.map((file) => statSync(file).ino);
  forgetSecrets(loaded, places[0]!, log);
  for (const file of places) t.equal(read(file), `cluster:\n  # taken out by trivet   \n  name: edge\n`);
  t.same(
    places.map((file) => statSync(file).ino),
    inodes,
    'overwritten, not replaced',
  );
  t.equal(read(at('data/platform-config.yaml')), 'a: [');
  t.match(load(), { state: 'complete', config: { cluster: { name: 'edge' } } });
  t.same(
    load().layers.map(({ problem }) => problem),
    [null, null],
  );
});

t.test('forgetSecrets leaves a blank machine its secret', async (t) => {
  const { at, load, log } = makeMachine(t, { isMember: false });
  const loaded = load();
  t.match(loaded, { state: 'complete', toKeep: [{ file: at('data/trivet.yaml'), text: over }] });
  forgetKeptSecrets(loaded, log);
  forgetSecrets(loaded, at('efi/trivet.yaml'), log);
  for (const file of [at('efi/trivet.yaml'), at('data/trivet.yaml')]) t.equal(read(file), over);
});

t.test('forgetSecrets leaves what waits to be told anew after a factory reset', async (t) => {
  const { at, load, log } = makeMachine(t);
  forgetSecrets(load(), at('efi/trivet.yaml'), log);
  rmSync(at('data'), { recursive: true });
  const { state, layers } = load();
  t.equal(state, 'waiting');
  t.match(layers[1]!.problem, /trivet\.yaml, line 1: cluster\.secret: is missing/);
});

t.test('loadConfig keeps no secret of a member', async (t) => {
  const { at, load } = makeMachine(t);
  t.match(load(), { config: { cluster: { secret } } }, 'it is still in force');
  const { toKeep } = load();
  t.equal(toKeep.length, 1);
  t.equal(toKeep[0]!.file, at('data/trivet.yaml'));
  t.notMatch(toKeep[0]!.text, secret);
});

t.test(
  'forgetSecrets tells a person of a file that is written in an unusual way, and keeps no copy of it',
  async (t) => {
    const boot = `node: { name: &s ${secret} }\ncluster: { name: edge, secret: *s }\n`;
    const { at, lines, load, log } = makeMachine(t, { boot });
    forgetSecrets({ home: at('data'), keptFiles: load().keptFiles }, at('efi/trivet.yaml'), log);
    t.equal(read(at('efi/trivet.yaml')), boot);
    t.notOk(existsSync(at('data/trivet.yaml')));
    t.match(lines.join(), /cannot be taken out of .*trivet\.yaml as it is written there/);
  },
);

t.test('forgetSecrets asks for what it may not write', async (t) => {
  const { at, load } = makeMachine(t);
  const loaded = load();
  const source = path.join(import.meta.dirname, 'forget-secrets.ts');
  const script = path.join(import.meta.dirname, '../logging/log.ts');
  const program = `
    const { forgetSecrets } = await import(${JSON.stringify(source)});
    const { createLog } = await import(${JSON.stringify(script)});
    const loaded = ${JSON.stringify({ home: loaded.home, keptFiles: loaded.keptFiles })};
    forgetSecrets(loaded, ${JSON.stringify(at('efi/trivet.yaml'))}, createLog((line) => console.error(line)));`;
  const mounted =
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" --input-type=module -e "$3"';
  const parameters = ['sh', at('efi'), process.execPath, program];
  const run = spawnSync('unshare', ['-rm', 'sh', '-c', mounted, ...parameters], { encoding: 'utf8' });
  t.equal(run.status, 0, run.stderr);
  t.equal(read(at('efi/trivet.yaml')), over);
  t.ok(existsSync(at('data/forget-secret')));
  t.equal(forgetIn(at('efi/trivet.yaml')), 'taken', 'as trivet-forget.service does it');
  t.equal(forgetIn(at('efi/trivet.yaml')), 'nothing');
  mkdirSync(at('none'));
  t.equal(forgetIn(at('none/trivet.yaml')), 'nothing');
});

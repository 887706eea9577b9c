import path from 'node:path';
import t from 'tap';
import { prefixEnd } from './model.ts';
import { countValues, renewState, revisionLeap } from './renewal.ts';
import { openStateMachine } from './state-machine.ts';
import { applyAll, bytes, put, text, transaction } from './testing/machine.ts';

const configuration = { voters: [], outgoing: [], learners: [] };
const renewal = {
  ownPrefix: bytes('own/'),
  records: () => [{ key: bytes('own/new'), value: bytes('new') }],
  configuration,
};

function makeState(directory: string): string {
  const file = path.join(directory, 'state.db');
  const machine = openStateMachine(file);
  const writes = [
    ...[put('a', 'sealed:1'), put('b', 'plain'), put('c', 'plain'), put('c', 'sealed:2')],
    ...[put('d', 'sealed:3'), put('d', 'plain'), put('e', 'seal'), put('own/old', 'sealed:4')],
  ];
  applyAll(machine, ...writes.map((write) => transaction(write)));
  machine.close();
  return file;
}

function valuesOf(file: string): { values: Record<string, string>; revision: number } {
  const machine = openStateMachine(file);
  const items = machine.view.items({ key: bytes('a'), end: prefixEnd(bytes('z')) });
  const values = Object.fromEntries(items.map(({ key, value }) => [text(key), text(value)]));
  const revision = machine.view.number('revision');
  machine.close();
  return { values, revision };
}

t.test('renewState keeps users’ keys, or all but those whose values are worthless', async (t) => {
  const whole = makeState(t.testdir());
  t.equal(countValues(whole, bytes('sealed:')), 3, 'of values that were replaced none counts');
  const newest = renewState(whole, { ...renewal, worthless: null });
  const all = { a: 'sealed:1', b: 'plain', c: 'sealed:2', d: 'plain', e: 'seal', 'own/new': 'new' };
  t.same(valuesOf(whole), { values: all, revision: newest });
  t.ok(newest > revisionLeap);
});

t.test('what is worthless goes, whatever it was before', async (t) => {
  const file = makeState(t.testdir());
  renewState(file, { ...renewal, worthless: bytes('sealed:') });
  t.same(valuesOf(file).values, { b: 'plain', d: 'plain', e: 'seal', 'own/new': 'new' });
  t.equal(countValues(file, bytes('sealed:')), 0);
});

import t from 'tap';
import { describeChanges } from './changes.ts';

t.test('describeChanges shows what was and what is, by paths', async (t) => {
  const old = { a: 1, b: { c: ['x', 'y'] }, gone: true };
  const next = { a: 1, b: { c: ['x', 'z'] }, come: 'n' };
  t.equal(describeChanges(old, next), '- \tb.c[1]: "y"\n+ \tb.c[1]: "z"\n+ \tcome: "n"\n- \tgone: true\n');
  t.equal(describeChanges(old, old), '');
});

t.test('describeChanges is short however much has changed', async (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`k${index}`, 'v'.repeat(1000)]),
  );
  t.ok(describeChanges({}, many).length < 20_000);
});

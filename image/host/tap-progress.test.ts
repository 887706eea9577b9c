import t from 'tap';
import { TapProgress } from './tap-progress.ts';

function read(text: string): { passed: number; failed: number; said: string[] } {
  const said: string[] = [];
  const progress = new TapProgress((line) => said.push(line));
  for (const line of text.split('\n')) progress.line(line);
  return { ...progress.end(), said };
}

const twoFiles = `TAP version 14
1..2
# Subtest: a.test.ts
    # Subtest: adds
        ok 1 - one
        ok 2 - two
        1..2
    ok 1 - adds # time=3ms
    ok 2 - left out # SKIP
    1..2
ok 1 - a.test.ts # time=1500ms

# Subtest: b.test.ts
    # Subtest: fails
        not ok 1 - equal
          ---
          found: 1
          ...
        1..1
    not ok 1 - fails # time=3ms
    1..1
not ok 2 - b.test.ts # time=7ms
`;

t.test('TapProgress counts assertions, not the tests around them, and no skipped ones', async (t) => {
  const { passed, failed } = read(twoFiles);
  t.strictSame({ passed, failed }, { passed: 2, failed: 1 });
});

t.test('TapProgress shows one line for a good file and everything of a failing one', async (t) => {
  const { said } = read(twoFiles);
  t.equal(said[0], 'ok      a.test.ts  1.5 s');
  t.ok(said.includes('          found: 1'));
  t.equal(said.at(-1), 'FAILED  b.test.ts  0.0 s');
});

t.test('TapProgress counts a file that failed without a failing assertion', async (t) => {
  const text = `# Subtest: c.test.ts
    ok 1 - fine
    1..1
not ok 1 - c.test.ts # time=30000ms
  ---
  signal: SIGTERM
  ...
`;
  const { passed, failed, said } = read(text);
  t.strictSame({ passed, failed }, { passed: 1, failed: 1 });
  t.ok(said.includes('  signal: SIGTERM'));
});

t.test('TapProgress shows what an interrupted run left behind', async (t) => {
  const { said } = read('# Subtest: d.test.ts\n    ok 1 - fine');
  t.ok(said.includes('    ok 1 - fine'));
});

import t from 'tap';
import { checkBannedCalls } from './banned-calls.ts';

function problems(path: string, text: string): string[] {
  return checkBannedCalls([{ path, text }]);
}

t.test('checkBannedCalls names clock, randomness, timers and modules in pure folders', async (t) => {
  const text = [
    "import { readFileSync } from 'node:fs';",
    'const now = Date.now();',
    'setTimeout(go, Math.random());',
    'export async function go() {}',
  ].join('\n');
  const found = problems('runtime/raft/raft.ts', text);
  t.equal(found.length, 5);
  t.match(found[0], 'runtime/raft/raft.ts:1 imports node:fs');
  t.match(found[1], 'runtime/raft/raft.ts:2 uses the clock');
});

t.test('checkBannedCalls leaves words in comments and strings, tests and other folders alone', async (t) => {
  const text = "/** Date\n * await */\n// Math.random\nconst a = 'setTimeout';\n";
  t.strictSame(problems('runtime/raft/raft.ts', text), []);
  t.strictSame(problems('runtime/raft/raft.test.ts', 'Date.now();'), []);
  t.strictSame(problems('runtime/raft/testing/network.ts', 'await 1;'), []);
  t.strictSame(problems('runtime/agent/agent.ts', 'Date.now();'), []);
});

t.test('checkBannedCalls keeps line numbers behind comments', async (t) => {
  t.match(problems('runtime/raft/a.ts', '/*\n\n*/\nDate.now();\n')[0], 'runtime/raft/a.ts:4');
});

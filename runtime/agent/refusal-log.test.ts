import t from 'tap';
import { createLog } from '../logging/log.ts';
import { RefusalLog } from './refusal-log.ts';

t.test('RefusalLog counts wrong secrets, and writes each address once a minute', async (t) => {
  let now = 0;
  const lines: string[] = [];
  const refusals = new RefusalLog(
    createLog((line) => lines.push(line)),
    () => now,
  );
  for (let i = 0; i < 3; i += 1) refusals.refused('192.0.2.9', 'wrongSecret', '');
  t.equal(lines.length, 1);
  t.match(refusals.warnings(), [/^192\.0\.2\.9 offered a wrong enrolment secret 3 times/]);
  now = 61_000;
  refusals.refused('192.0.2.9', 'wrongSecret', '');
  t.equal(lines.length, 2);
  now = 700_000;
  t.same(refusals.warnings(), [], 'forgotten in time');
});

t.test('RefusalLog keeps little of a flood from very many addresses', async (t) => {
  const refusals = new RefusalLog(
    createLog(() => {}),
    () => 0,
  );
  for (let i = 0; i < 10_000; i += 1) refusals.refused(`2001:db8::${i.toString(16)}`, 'wrongSecret', '');
  const warnings = refusals.warnings();
  t.equal(warnings.length, 6);
  t.match(warnings.at(-1), /So did many other addresses/);
});

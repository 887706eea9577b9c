import t from 'tap';
import { agreedTime, clockWarning, correctionOf } from './agreed-time.ts';

const now = Date.UTC(2026, 0, 1);

t.test('agreedTime is what most say', async (t) => {
  t.equal(agreedTime([now]), now);
  t.equal(agreedTime([now, 0]), now, 'a clock without a battery');
  t.equal(agreedTime([0, now + 5, now]), now);
  t.equal(agreedTime([now, Date.UTC(2099), now + 5]), now + 5);
  t.equal(agreedTime([0, Date.UTC(2099), now]), now);
});

t.test('correctionOf leaves a clock alone that is near enough', async (t) => {
  t.equal(correctionOf(now, now + 59_000), 0);
  t.equal(correctionOf(now, now - 59_000), 0);
  t.equal(correctionOf(now, 0), now);
  t.equal(correctionOf(now, now + 120_000), -120_000);
});

t.test('clockWarning says which way and what to do', async (t) => {
  t.equal(clockWarning('n1', now, now + 1_000), null);
  t.match(
    clockWarning('n1', now, 0),
    /^n1: its clock is 20454 days behind that of most nodes\..*time server/,
  );
  t.match(clockWarning('n1', now, now + 300_000), /^n1: its clock is 5 minutes ahead of/);
});

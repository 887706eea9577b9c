import t from 'tap';
import { waitUntil } from './wait.ts';

t.test('waitUntil gives the first answer that is not null', async (t) => {
  let looks = 0;
  const result = await waitUntil({ what: 'it is three', limitSeconds: 5, pauseMilliseconds: 1 }, async () => {
    looks += 1;
    return looks === 3 ? looks : null;
  });
  t.equal(result, 3);
});

t.test('waitUntil says what did not come, the last error and the report', async (t) => {
  const waiting = waitUntil(
    { what: 'the sun rises', limitSeconds: 0.02, pauseMilliseconds: 5, report: () => 'it is dark' },
    async () => {
      throw new Error('still night');
    },
  );
  await t.rejects(waiting, {
    name: 'WaitError',
    message: /until the sun rises \(last: still night\)\nit is dark$/,
  });
});

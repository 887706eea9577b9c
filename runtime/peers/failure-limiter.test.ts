import fc from 'fast-check';
import t from 'tap';
import { FailureLimiter, sourceOf } from './failure-limiter.ts';

t.test('FailureLimiter slows down one source after a burst, and forgives it in time', async (t) => {
  let now = 0;
  const limiter = new FailureLimiter(() => now);
  for (let i = 0; i < 30; i += 1) {
    t.notOk(limiter.isSlowed('192.0.2.1'));
    limiter.failed('192.0.2.1');
  }
  t.ok(limiter.isSlowed('192.0.2.1'));
  t.notOk(limiter.isSlowed('192.0.2.2'), 'others may go on');
  now = 500;
  t.notOk(limiter.isSlowed('192.0.2.1'), 'one more try');
  limiter.failed('192.0.2.1');
  t.ok(limiter.isSlowed('192.0.2.1'));
});

t.test(
  'FailureLimiter admits no more tries than it forgives, while the clock moves between them',
  async (t) => {
    let now = 0;
    const limiter = new FailureLimiter(() => now);
    let tries = 0;
    for (; now < 20_000; now += 7) {
      if (limiter.isSlowed('192.0.2.1')) continue;
      tries += 1;
      limiter.failed('192.0.2.1');
    }
    t.ok(tries >= 68 && tries <= 70, `${tries} tries in 20 s: 30, and two in a second`);
  },
);

t.test('FailureLimiter slows down everybody when very many sources fail', async (t) => {
  const limiter = new FailureLimiter(() => 0);
  for (let i = 0; i < 500; i += 1) limiter.failed(`192.0.2.${i}`);
  t.ok(limiter.isSlowed('198.51.100.1'));
});

t.test('sourceOf takes the addresses of one network for one source', async (t) => {
  t.equal(sourceOf('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(sourceOf('2001:db8::1'), sourceOf('2001:db8:0:0:ffff::2'));
  t.not(sourceOf('2001:db8:0:1::1'), sourceOf('2001:db8::1'));
  t.equal(sourceOf('fe80::1%eth0'), sourceOf('fe80::2%eth1'));
  fc.assert(
    fc.property(
      fc.ipV6(),
      (address) => /^([0-9a-f]*:){4}/i.test(sourceOf(address)) || !address.includes(':'),
    ),
  );
});

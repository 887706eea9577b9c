import t from 'tap';
import { planDevices } from './plan-batch.ts';

const wish = { count: undefined, prefix: undefined, first: 1, serials: null };
const list = (text: string) => ({ file: 'serials.txt', text });

t.test('planDevices numbers names, as wide as the last one', async (t) => {
  t.same(
    planDevices({ ...wish, count: 2, prefix: 'pos', first: 9 }).map(({ name }) => name),
    ['pos-0009', 'pos-0010'],
  );
  t.equal(planDevices({ ...wish, count: 2, prefix: 'pos', first: 9_999 })[0]?.name, 'pos-09999');
  t.same(planDevices({ ...wish, count: 1 }), [{ name: null, serial: null }]);
});

t.test('planDevices takes as many serial numbers as there are', async (t) => {
  const serials = list('# from the supplier\nSN 1\r\n\n  SN-2  \n');
  const expected = [
    { name: null, serial: 'SN 1' },
    { name: null, serial: 'SN-2' },
  ];
  t.same(planDevices({ ...wish, serials }), expected);
  t.same(planDevices({ ...wish, serials, count: 2 }), expected);
});

t.test('planDevices says what is wrong, and in which line', async (t) => {
  const at = (more: object) => () => planDevices({ ...wish, ...more });
  t.throws(at({}), { code: 'usage', message: /How many devices/ });
  t.throws(at({ count: 20_001 }), { code: 'usage', message: /1 to 20000 devices/ });
  t.throws(at({ count: 3, serials: list('a\nb\n') }), { code: 'usage', message: /has 2 serial numbers/ });
  t.throws(at({ count: 1, prefix: 'POS' }), { code: 'usage', message: /"POS-0001" is no name of a node/ });
  t.throws(at({ count: 1, prefix: 'a'.repeat(60) }), { code: 'usage' });
  t.throws(at({ serials: list('a\nb\na\n') }), {
    code: 'factory',
    message: 'serials.txt, line 3: the serial number a stands in line 1 already.',
  });
  t.throws(at({ serials: list('a\nä\n') }), {
    code: 'factory',
    message: /line 2: a serial number has 1 to 64/,
  });
});

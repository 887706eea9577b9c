import t from 'tap';
import { OwnAddress } from './own-address.ts';

t.test(
  'OwnAddress is where peers have connected to, without what only this machine understands',
  async (t) => {
    const own = new OwnAddress('::', 7443);
    own.see('::ffff:127.0.0.1');
    t.equal(own.current(), '127.0.0.1:7443');
    own.see('fe80::1%eth0');
    t.equal(own.current(), '127.0.0.1:7443', 'a link-local one tells others nothing');
    own.see(undefined);
    t.equal(own.current(), '127.0.0.1:7443');
  },
);

t.test('OwnAddress is not one that the machine has no more', async (t) => {
  const own = new OwnAddress('::', 7443);
  own.see('203.0.113.77');
  t.not(own.current(), '203.0.113.77:7443');
  t.match(own.current(), /:7443$/);
  t.notMatch(own.current(), '%');
});

t.test('OwnAddress is the one that the node listens on before anybody has connected', async (t) => {
  t.equal(new OwnAddress('192.0.2.5', 7443).current(), '192.0.2.5:7443');
  t.equal(new OwnAddress('2001:db8::5', 7443).current(), '[2001:db8::5]:7443');
});

import { Duplex } from 'node:stream';
import t from 'tap';
import { join } from './upgrade.ts';

function connection(): Duplex {
  return new Duplex({ read: () => {}, write: (_piece, _encoding, done) => done() });
}

t.test('join ends one side where the other has gone before or goes then', async (t) => {
  for (const whenGone of ['before', 'then']) {
    for (const isFirst of [true, false]) {
      const [one, other] = [connection(), connection()];
      const [gone, left] = isFirst ? [one, other] : [other, one];
      const ended = new Promise((resolve) => left.once('close', resolve));
      if (whenGone === 'before') {
        gone.on('error', () => {}).destroy();
        await new Promise((resolve) => gone.once('close', resolve));
      }
      join(one, other);
      if (whenGone === 'then') gone.destroy(new Error('reset'));
      await ended;
      t.ok(left.destroyed, `${isFirst ? 'the first' : 'the second'} has gone ${whenGone}`);
    }
  }
});

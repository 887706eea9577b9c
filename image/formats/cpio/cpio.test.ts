import t from 'tap';
import { encodeCpio } from './cpio.ts';

t.test('encodeCpio writes the golden bytes of a small archive', async (t) => {
  const archive = encodeCpio(
    [
      { kind: 'file', name: 'etc/a', executable: true, data: Buffer.from('hello') },
      { kind: 'directory', name: 'etc' },
      { kind: 'link', name: 'sh', target: 'busybox' },
      { kind: 'character', name: 'console', major: 5, minor: 1 },
    ],
    0x600df00d,
  );
  const fields = (...values: number[]): string =>
    values.map((value) => value.toString(16).toUpperCase().padStart(8, '0')).join('');
  const date = 0x600df00d;
  const expected = [
    `070701${fields(1, 0o020600, 0, 0, 1, date, 0, 0, 0, 5, 1, 8, 0)}console\0\0\0`,
    `070701${fields(2, 0o040755, 0, 0, 2, date, 0, 0, 0, 0, 0, 4, 0)}etc\0\0\0`,
    `070701${fields(3, 0o100755, 0, 0, 1, date, 5, 0, 0, 0, 0, 6, 0)}etc/a\0hello\0\0\0`,
    `070701${fields(4, 0o120777, 0, 0, 1, date, 7, 0, 0, 0, 0, 3, 0)}sh\0\0\0\0busybox\0`,
    `070701${fields(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0)}TRAILER!!!\0\0\0\0`,
  ];
  t.same(
    Buffer.from(archive)
      .toString('latin1')
      .split(/(?=070701)/),
    expected,
  );
});

t.test('encodeCpio gives one archive whatever the order of the entries', async (t) => {
  const entries = ['b', 'a', 'c'].map((name) => ({ kind: 'directory', name }) as const);
  t.same(encodeCpio(entries, 1), encodeCpio([...entries].reverse(), 1));
});

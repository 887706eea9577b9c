import { spawnSync } from 'node:child_process';
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ConsoleTerminal, consoleDevices } from './terminals.ts';

t.test('consoleDevices takes the kernel’s consoles, and of the virtual ones the first', async (t) => {
  t.same(consoleDevices('tty0 ttyS0\n'), ['/dev/tty1', '/dev/ttyS0']);
  t.same(consoleDevices('hvc0'), ['/dev/hvc0']);
  t.same(consoleDevices(''), []);
  t.same(consoleDevices('../etc/passwd ttyAMA0'), ['/dev/ttyAMA0']);
});

t.test('ConsoleTerminal writes lines at most every ten seconds, and then what is in force', async (t) => {
  const file = path.join(t.testdir({ line: '' }), 'line');
  const terminal = new ConsoleTerminal(file);
  const said = (): string => readFileSync(file, 'utf8');
  terminal.show(['role:      a'], 0);
  t.equal(said(), 'status | role:      a\n');
  writeFileSync(file, '');
  terminal.show(['role:      b'], 5_000);
  terminal.show(['role:      c'], 9_999);
  t.equal(said(), '');
  terminal.show(['role:      c'], 10_000);
  t.match(said(), /\0*status \| role: {6}c\n$/);
  terminal.close();
});

t.test('ConsoleTerminal does not wait for a line that takes nothing, and goes on when it does', async (t) => {
  const pipe = path.join(t.testdir({}), 'pipe');
  spawnSync('mkfifo', [pipe]);
  // Opened for both, so that nobody waits for a reader.
  const reader = openSync(pipe, 'r+');
  const terminal = new ConsoleTerminal(pipe);
  const long = Array.from({ length: 2_000 }, (_, i) => `warning:   ${i} ${'x'.repeat(60)}`);
  const startedAt = performance.now();
  terminal.show(long, 0);
  terminal.show(['role:      a'], 20_000);
  t.ok(performance.now() - startedAt < 2_000, 'it comes back');
  const read = (): string => {
    const buffer = Buffer.alloc(70_000);
    return buffer.toString('latin1', 0, readSync(reader, buffer));
  };
  let all = read();
  for (let i = 1; i < 10; i += 1) {
    terminal.show(['role:      b'], 20_000 * (i + 1));
    if (all.endsWith('none any more\n')) break;
    all += read();
  }
  t.match(all, 'warning:   1999', 'what was begun is finished');
  t.match(all, 'status | role:      b\nstatus | warning:   none any more\n');
  t.notMatch(all, 'role:      a', 'what has become old is left out');
  terminal.close();
});

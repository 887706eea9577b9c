import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { ConsoleLog } from './console-log.ts';

t.test('ConsoleLog writes each line behind its time, without colours, however it arrives', async (t) => {
  const log = new ConsoleLog(path.join(t.testdir({}), 'n1.console'));
  const heard: string[] = [];
  log.onLine((line) => heard.push(line));
  log.powerOn();
  for (const piece of ['first ', 'line\r', '\n\x1b[0;32msecond\x1b[0m\n', 'unfinished']) log.push(piece);
  log.powerOff('power cut');
  log.close();
  t.strictSame(heard, ['--- power on ---', 'first line', 'second', 'unfinished', '--- power cut ---']);
  const lines = readFileSync(log.file, 'utf8').trimEnd().split('\n');
  t.equal(lines.length, 5);
  for (const line of lines) t.match(line, /^\[ +\d+\.\d\d\] \S/);
  t.equal(log.tail(2), 'unfinished\n--- power cut ---');
});

t.test('ConsoleLog breaks a line that never ends', async (t) => {
  const log = new ConsoleLog(path.join(t.testdir({}), 'n1.console'));
  log.push('x'.repeat(10_000));
  t.equal(log.lines.length, 2);
  log.close();
});

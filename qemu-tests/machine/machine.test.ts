/** The power button of a machine with nothing on its disk; scenarios/ boots real ones. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { waitUntil } from '../lab/wait.ts';
import { boardOf } from './board.ts';
import { requirePrograms } from './programs.ts';
import { createBlankMachine } from './testing/blank-machine.ts';

t.setTimeout(180_000);
const limitSeconds = 60;

/** A short path, because sockets go there. */
function makeDirectory(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Processes whose command line names something in the directory. */
function processesUsing(directory: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`${directory}/n1.qcow2`);
    } catch {
      return false;
    }
  });
}

t.test('Machine runs from power-on to power cut, and again', async (t) => {
  const directory = makeDirectory(t);
  const machine = await createBlankMachine(directory);
  t.teardown(() => machine.close());
  t.equal(machine.isRunning, false);
  for (const time of ['first', 'second']) {
    const seen = machine.console.lines.length;
    await machine.powerOn();
    t.equal(machine.isRunning, true);
    t.equal(processesUsing(directory).length, 1);
    await waitUntil(
      { what: 'the firmware speaks', limitSeconds, report: () => machine.report() },
      async () => (machine.console.lines.slice(seen).some((line) => line.includes('BdsDxe')) ? true : null),
    );
    t.pass(`its firmware speaks the ${time} time`);
    await machine.cutPower();
    t.equal(machine.isRunning, false);
    t.equal(machine.hasCrashed, false);
    t.strictSame(processesUsing(directory), []);
  }
  await t.rejects(machine.request('status'), { code: 'refused', message: /switched off/ });
  t.match(machine.report(), 'qemu-system-x86_64 -name n1');
  t.match(machine.report(), '--- power cut ---');
});

t.test('Machine says that QEMU refused to start, with its words', async (t) => {
  const directory = makeDirectory(t);
  const machine = await createBlankMachine(directory);
  t.teardown(() => machine.close());
  rmSync(path.join(directory, 'n1.qcow2'));
  await t.rejects(machine.powerOn(), {
    name: 'MachineError',
    code: 'startFailed',
    message: /n1 did not start.*Could not open .*n1\.qcow2/s,
  });
  t.equal(machine.isRunning, false);
});

t.test('Machine notices when QEMU ends by itself', async (t) => {
  const directory = makeDirectory(t);
  const machine = await createBlankMachine(directory);
  t.teardown(() => machine.close());
  await machine.powerOn();
  for (const pid of processesUsing(directory)) process.kill(Number(pid), 'SIGKILL');
  await waitUntil({ what: 'it is noticed', limitSeconds }, async () => (machine.isRunning ? null : true));
  t.equal(machine.hasCrashed, true);
  t.match(machine.report(), 'QEMU ended by itself: SIGKILL');
});

t.test('a machine ends with the process that started it, even when that is killed', async (t) => {
  const directory = makeDirectory(t);
  const holder = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'testing/hold-machine.ts'), directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  t.equal(processesUsing(directory).length, 1);
  holder.kill('SIGKILL');
  await waitUntil({ what: 'QEMU is gone', limitSeconds }, async () =>
    processesUsing(directory).length === 0 ? true : null,
  );
  t.pass('QEMU is gone');
});

t.test('requirePrograms names what is not installed and the package it is in', async (t) => {
  t.throws(() => requirePrograms(boardOf('x86_64'), false, '/nowhere'), {
    code: 'missingProgram',
    message: /Not installed: qemu-system-x86_64, .*apt-get install .*qemu-system-x86 qemu-utils/,
  });
  const withTpm = (): void => requirePrograms(boardOf('x86_64'), true, '/nowhere');
  t.throws(withTpm, { message: /swtpm\. .* swtpm$/ });
});

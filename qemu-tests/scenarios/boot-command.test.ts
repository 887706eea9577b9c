/** `trivet boot` as a person uses it, up to Ctrl-C. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { waitUntil } from '../lab/wait.ts';
import { stageImage } from './testing/stage.ts';

t.setTimeout(300_000);
const limitSeconds = 120;

t.test('boot shows its machines and leaves nothing behind after Ctrl-C', async (t) => {
  const image = await stageImage();
  const child = spawn(process.execPath, ['image/main.ts', 'boot', image.file, '--nodes', '2', '--direct'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await waitUntil({ what: 'it shows the machines', limitSeconds, report: () => said }, async () =>
    /n1 {2}booting\n.*n2 {2}booting/.test(said) ? true : null,
  );
  const socket = /n1 {2}console .* socket (\S+)/.exec(said)?.[1] ?? '';
  t.ok(existsSync(socket), 'it says where to ask');
  t.equal(machineProcesses(path.dirname(socket)).length, 2);
  child.kill('SIGINT');
  t.equal(await ended, 0);
  t.match(said, /All machines are off\.\n$/);
  t.strictSame(machineProcesses(path.dirname(socket)), []);
  t.notOk(existsSync(path.dirname(socket)), 'its files are gone');
});

/** Processes of QEMU that have a disk in the directory. */
function machineProcesses(directory: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return command.startsWith('qemu-system') && command.includes(`${directory}/n`);
    } catch {
      return false;
    }
  });
}

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { startTpm } from './tpm.ts';

// A short path: t.testdir() may be longer than a socket's path can be.
const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string): string => path.join(directory, name);

t.test('startTpm starts a TPM that can be started again', async (t) => {
  for (const round of ['first', 'second']) {
    const tpm = await startTpm(at('tpm'), at('socket'));
    t.ok(existsSync(tpm.socket), round);
    await tpm.stop();
  }
});

t.test('startTpm says what swtpm complained of', async (t) => {
  await t.rejects(startTpm(at('tpm'), at('no/such/directory/socket')), {
    name: 'MachineError',
    code: 'startFailed',
    message: /^swtpm did not start: .+/,
  });
});

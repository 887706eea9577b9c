/** A machine that takes the operator's keys, starts what they signed, and nothing else. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { openCache } from '../../../image/cache/cache.ts';
import { splitSignature } from '../../../image/formats/pe/signature.ts';
import { toolsFor } from '../../../image/inspect/boot-partition.ts';
import { runTool } from '../../../image/tools/tools.ts';
import { askInfo } from '../../lab/observe.ts';
import { waitUntil } from '../../lab/wait.ts';
import { openImage } from '../../machine/image.ts';
import { Machine } from '../../machine/machine.ts';
import { buildRecipe, trivet } from '../../trivet-command.ts';
import { recipe, waitForConsole } from '../testing/stage.ts';

t.setTimeout(1_200_000);
/** Twice through the firmware, which looks at every byte that it starts, and one boot of the system. */
const enrolLimitSeconds = 400;
const refusalLimitSeconds = 200;

const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string): string => path.join(directory, name);

/** The published recipe, but for a kernel that says what it thinks of Secure Boot, and signed with keys of its own. */
async function buildSigned(name: string): Promise<string> {
  await trivet(['keys', 'create', '--dir', at(`${name}-keys`)]);
  const text = `${readFileSync(recipe, 'utf8')}\nkeys: ${name}-keys\nkernel: { commandLine: loglevel=6 }\n`;
  writeFileSync(at(`${name}.yaml`), text);
  return buildRecipe(at(`${name}.yaml`), { outputDirectory: at(name), quiet: true });
}

async function start(
  t: Test,
  name: string,
  imageFile: string,
  variablesFile: string | null,
): Promise<Machine> {
  mkdirSync(at(`machine-${name}`), { recursive: true });
  const machine = await Machine.create({
    ...{ name, directory: at(`machine-${name}`), image: openImage(imageFile), memoryMebibytes: 512 },
    ...{ diskBytes: 2 ** 30, direct: false, networkSocket: null, macAddress: '52:54:00:00:00:01' },
    secureBoot: { variablesFile },
  });
  t.teardown(() => machine.close());
  await machine.powerOn();
  return machine;
}

/** The boot partition's offset is the same in every image: it is the first, on the first mebibyte. */
const espOffset = 2 ** 20;

/** The image with a kernel image that nobody signed. */
async function withUnsignedKernel(image: string): Promise<string> {
  const copy = at('unsigned.raw');
  execFileSync('cp', ['--sparse=always', image, copy]);
  const esp = ['-i', `${copy}@@${espOffset}`];
  const tools = await toolsFor(openCache(), null);
  await runTool(tools, 'mcopy', [...esp, '::EFI/Linux/trivet-a.efi', at('signed.efi')]);
  writeFileSync(at('unsigned.efi'), splitSignature(readFileSync(at('signed.efi'))).unsigned);
  await runTool(tools, 'mcopy', ['-o', ...esp, at('unsigned.efi'), '::EFI/Linux/trivet-a.efi']);
  return copy;
}

const own = await buildSigned('own');
const enrolledVariables = at('enrolled.vars');

await t.test('a machine in setup mode takes the keys, and starts with Secure Boot on', async (t) => {
  const machine = await start(t, 'own', own, null);
  await waitForConsole(machine, /Enrolling secure boot keys from directory/, refusalLimitSeconds);
  await waitForConsole(machine, /Kernel is locked down from EFI Secure Boot/, enrolLimitSeconds);
  const { id } = await waitUntil(
    { what: 'the agent answers', limitSeconds: enrolLimitSeconds, report: () => machine.report() },
    () => askInfo(machine),
  );
  t.match(id, /^[0-9a-f]+$/, 'the locked kernel loads what the agent needs');
  const said = (pattern: RegExp): boolean => machine.console.lines.some((line) => pattern.test(line));
  t.ok(said(/keys successfully enrolled/), 'the firmware took the keys');
  t.notOk(said(/development keys/), "they are the operator's");
  await machine.cutPower();
  copyFileSync(machine.firmwareVariablesFile, enrolledVariables);
});

await t.test('a kernel image that nobody signed is refused', async (t) => {
  const machine = await start(t, 'unsigned', await withUnsignedKernel(own), enrolledVariables);
  await waitForConsole(machine, /(Error|Failed).*(Access denied|Security violation)/i, refusalLimitSeconds);
  t.notOk(
    machine.console.lines.some((line) => /Linux version/.test(line)),
    'no kernel has started',
  );
});

await t.test('an image that is signed with keys of somebody else is refused', async (t) => {
  const machine = await start(t, 'foreign', await buildSigned('foreign'), enrolledVariables);
  await waitForConsole(machine, /BdsDxe: .*Access Denied/i, refusalLimitSeconds);
  t.notOk(
    machine.console.lines.some((line) => /systemd-boot|Linux version/.test(line)),
    'nothing has started',
  );
});

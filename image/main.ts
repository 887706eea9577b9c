#!/usr/bin/env node
/** The builder's command line, one file a command in `cli/`. Commands of the device go on to the runtime. */
import { cac } from 'cac';
import { BuildError } from './build-error.ts';
import { binaryCommand } from './cli/binary.ts';
import { buildCommand } from './cli/build.ts';
import { deviceCommands, isForDevice, runDeviceCommand } from './cli/device.ts';
import { factoryCommand } from './cli/factory.ts';
import { inspectCommand } from './cli/inspect.ts';
import { keysCommand } from './cli/keys.ts';
import { recipeCommand } from './cli/recipe.ts';
import { verifyCommand } from './cli/verify.ts';

const cli = cac('trivet');

cli
  .command('build <recipe>', 'Build an image from a recipe')
  .option('--out <dir>', 'Where to put it (default: out/NAME-OF-THE-RECIPE)')
  .option('--arch <names>', 'Of a recipe for several architectures only these, separated by commas')
  .option('--lock <file>', 'Take exactly the inputs of an earlier build')
  .option('--offline', 'Use only what is in the cache')
  .option('--keys <dir>', 'Sign with the keys of this directory (see: trivet keys --help)')
  .option(
    '--format <names>',
    'Also write these, with commas: qcow2, vmdk, vhd (default: what the recipe says)',
  )
  .option('--json', 'Print the report as JSON')
  .action((recipe: string, options) =>
    buildCommand({
      recipe,
      out: textOption(options.out),
      arch: textOption(options.arch),
      lock: textOption(options.lock),
      offline: Boolean(options.offline),
      keys: textOption(options.keys),
      format: textOption(options.format),
      json: Boolean(options.json),
    }),
  );

cli
  .command('boot <image>', 'Boot machines of an image on a private switch, and show the cluster they form')
  .option('--nodes <n>', 'How many (default: 3)')
  .option('--direct', 'Load the kernel without firmware and boot loader, which is quicker')
  .option('--memory <mebibytes>', 'Memory of each (default: 512)')
  .option('--dir <directory>', 'Keep disks and consoles there (default: temporary)')
  .option('--json', 'Print one line of JSON when the cluster is highly available')
  .action(async (image: string, options) => {
    // Loaded only here: it brings the virtual machines along.
    const { bootCommand } = await import('./cli/boot.ts');
    await bootCommand({
      image,
      nodes: textOption(options.nodes),
      memory: textOption(options.memory),
      direct: Boolean(options.direct),
      directory: textOption(options.dir),
      json: Boolean(options.json),
    });
  });

cli
  .command('binary', 'Build only the executable of the device')
  .option('--arch <names>', 'Its architectures, separated by commas: x86_64, arm64 (default: x86_64)')
  .option('--out <dir>', 'Where to put it', { default: 'out/bin' })
  .option('--relink-kit', 'Also write what is needed to link it again with another C library')
  .option('--json', 'Print sizes and times as JSON')
  .action((options) =>
    binaryCommand({
      arch: textOption(options.arch),
      out: String(options.out),
      relinkKit: Boolean(options.relinkKit),
      json: Boolean(options.json),
    }),
  );

cli
  .command('flash <image> [device]', 'Write an image onto a disk or card, and read it back')
  .usage(
    `flash IMAGE [DEVICE] [options]

  IMAGE   a .raw or .raw.zst file, or - for standard input (either kind)
  DEVICE  a disk such as /dev/sdb, or a file; without it the disks that may be written are shown, and it asks

  The disk of the running system and mounted disks are never written. SHA256SUMS and the block map (.bmap) beside the
  image are used when they are there. Everything written is read back, past the cache of this machine, and compared;
  a card's own cache cannot be passed. What the image does not need stays on the disk: this does not erase it.
  Exit codes: 0 written and equal, 1 failed, 2 wrong usage, 130 stopped.`,
  )
  .option('--config <file>', 'Put this configuration, or part of one, onto the boot partition as trivet.yaml')
  .option('--yes', 'Do not ask')
  .option('--force', 'Also write to a disk that is not removable; never to one that is in use')
  .option('--create', 'DEVICE is a new file of the size of the image')
  .option('--json', 'Print the result as JSON; without DEVICE, the disks that may be written')
  .example('  trivet flash out/usb-x86_64/trivet-usb-x86_64-0.1.0.raw.zst')
  .example('  trivet flash image.raw.zst /dev/sdb --config kitchen.yaml')
  .example('  ssh builder cat image.raw.zst | trivet flash - /dev/sdb --yes')
  .action(async (image: string, device: string | undefined, options) => {
    const { flashCommand } = await import('./cli/flash.ts');
    await flashCommand({
      image,
      device: textOption(device),
      config: textOption(options.config),
      yes: Boolean(options.yes),
      force: Boolean(options.force),
      create: Boolean(options.create),
      json: Boolean(options.json),
    });
  });

cli
  .command('verify <image>', 'Check that an image is what was built, and who signed it')
  .option('--rebuild', 'Build it again from the recipe and the lock file beside it, and compare')
  .option('--keys <dir>', 'It must be signed with these keys (their public halves are enough)')
  .option('--public-key <file>', 'SHA256SUMS must be signed with this key')
  .option('--json', 'Print JSON')
  .action((image: string, options) =>
    verifyCommand(image, {
      rebuild: Boolean(options.rebuild),
      keys: textOption(options.keys),
      publicKey: textOption(options.publicKey),
      json: Boolean(options.json),
    }),
  );

cli
  .command('keys <action>', 'Make or show the keys that images are signed with: keys create, keys show')
  .option('--dir <directory>', 'Where they are (default: ./keys)')
  .option('--development', 'Show the development keys')
  .option('--json', 'Print JSON')
  .action((action: string, options) =>
    keysCommand({
      action,
      directory: textOption(options.dir),
      development: Boolean(options.development),
      json: Boolean(options.json),
    }),
  );

cli
  .command(
    'factory <action> [target]',
    'Devices for a cluster, each with its own right to enrol: factory batch, verify',
  )
  .usage(
    `factory batch RECIPE --count N --out DIR [options]
  $ trivet factory verify DIR [--key FILE]

  batch   writes a bundle and a label for each device, the list of them, and the list signed for the cluster that takes
          them in. RECIPE has the cluster section; the image may be of another recipe, without one.
  verify  checks the signature, and that every file fits the list.

  A bundle admits one machine, once (trivet vouchers, on any member). A second batch with the same key is one more.`,
  )
  .option('--count <n>', 'How many devices (batch)')
  .option('--out <dir>', 'Where to put it; must not exist (batch)')
  .option('--prefix <name>', 'Name the devices NAME-0001, NAME-0002, … (batch)')
  .option('--first <n>', 'The number of the first name (default: 1) (batch)')
  .option('--serials <file>', 'Bind each to a machine: its serial numbers, one a line (batch)')
  .option(
    '--key <file>',
    'The batch’s key; made when it is not there (default: factory.key). verify: it must be this one',
  )
  .option('--json', 'Print JSON')
  .example('  trivet factory batch site.yaml --count 100 --out batch-1 --prefix pos')
  .action((action: string, target: string | undefined, options) =>
    factoryCommand({
      ...{ action, target: textOption(target), json: Boolean(options.json) },
      ...{ count: textOption(options.count), out: textOption(options.out), key: textOption(options.key) },
      prefix: textOption(options.prefix),
      first: textOption(options.first),
      serials: textOption(options.serials),
    }),
  );

cli
  .command('inspect <image>', 'Show what is in an image')
  .option('--files', 'Show every file of the root file system, and where it comes from')
  .option('--json', 'Print JSON')
  .action((image: string, options) =>
    inspectCommand(image, { files: Boolean(options.files), json: Boolean(options.json) }),
  );

cli
  .command(
    'recipe <action> [file]',
    'Check a recipe (check FILE), show it with what it extends (show FILE), or print its JSON Schema (schema)',
  )
  .option('--json', 'Print JSON')
  .action((action: string, file: string | undefined, options) =>
    recipeCommand({ action, file, json: Boolean(options.json) }),
  );

cli.help((sections) => [
  ...sections,
  {
    title: 'Commands of a device',
    body: `  ${deviceCommands.join(', ')}: see trivet status --help; --socket names a machine that \`boot\` started`,
  },
]);
cli.option('-v, --version', 'Print version and commit, and what the program is made of; with --json as JSON');

function textOption(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

async function main(): Promise<void> {
  if (isForDevice(process.argv.slice(2))) {
    process.exitCode = await runDeviceCommand(process.argv.slice(2));
    return;
  }
  // The parser drops a word that is only a hyphen.
  cli.parse(
    process.argv.map((word) => (word === '-' ? '/dev/stdin' : word)),
    { run: false },
  );
  if (cli.options.help) return;
  if (!cli.matchedCommand) {
    const name = cli.args[0];
    if (name !== undefined)
      throw new BuildError('usage', `There is no command "${name}". See: trivet --help`);
    cli.outputHelp();
    process.exitCode = 2;
    return;
  }
  await cli.runMatchedCommand();
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`trivet: ${message}\n`);
  const isUsage = error instanceof Error && error.name === 'CACError';
  process.exitCode = error instanceof BuildError ? error.exitCode : isUsage ? 2 : 1;
}

main().catch(fail);

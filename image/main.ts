#!/usr/bin/env node
/** The builder's command line, one file a command in `cli/`. Commands of the device go on to the runtime. */
import { cac } from 'cac';
import { BuildError } from './build-error.ts';
import { version } from './checkout.ts';
import { binaryCommand } from './cli/binary.ts';
import { isDeviceCommand, runDeviceCommand } from './cli/device.ts';

const cli = cac('trivet');

cli
  .command('binary', 'Build only the executable of the device')
  .option('--arch <name>', 'Its architecture', { default: 'x86_64' })
  .option('--out <dir>', 'Where to put it', { default: 'out/bin' })
  .action((options) => binaryCommand({ arch: String(options.arch), out: String(options.out) }));

cli.help();
cli.version(version);

async function main(): Promise<void> {
  if (isDeviceCommand(process.argv[2])) {
    process.exitCode = await runDeviceCommand(process.argv.slice(2));
    return;
  }
  cli.parse(process.argv, { run: false });
  if (cli.options.help || cli.options.version) return;
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

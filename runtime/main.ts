#!/usr/bin/env node
/**
 * The executable: the device's command line, one file a command in `cli/`. What takes long to load is loaded only when
 * its command is given: `trivet status` must answer at once on a small machine.
 */
import { cac } from 'cac';
import { exitCodeOf, usageError } from './cli/command-error.ts';
import { kvCommand } from './cli/kv.ts';
import { recoverCommand } from './cli/recover.ts';
import type { RemoteOptions } from './cli/remote.ts';
import { resetCommand } from './cli/reset.ts';
import { statusCommand } from './cli/status.ts';

const defaultSocket = '/run/trivet/trivet.sock';

const cli = cac('trivet');

cli
  .command('agent', 'Run the node agent; what systemd starts')
  .option('--config <file>', 'The configuration', { default: '/etc/trivet/config.yaml' })
  .option('--over <file>', 'Configuration that goes over it, where the file exists: the boot partition’s')
  .option('--collected <file>', 'What "trivet config collect" wrote, which goes over that')
  .option('--credentials <directory>', 'Systemd’s credentials, of which "trivet.config" goes over all')
  .action(async (options: Readonly<Record<string, string | undefined>>) => {
    const { agentCommand } = await import('./cli/agent.ts');
    await agentCommand({
      image: String(options.config),
      bootPartition: options.over ?? null,
      collected: options.collected ?? null,
      credentials: options.credentials ?? null,
    });
  });

cli
  .command(
    'config [operation] [...words]',
    'The configuration in force; config set KEY VALUE, config unset KEY: for all nodes of the cluster; config settings: what is set so; config collect (what runs before the agent): asks the platform for its part; config forget: takes the enrolment secret of a member from the boot partition',
  )
  .option('--explain', 'Say where each value comes from, and which sources were not there or not in order')
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .option('--timeout <seconds>', 'How long a cloud is asked (collect)', { default: 30 })
  .action(async (operation: string | undefined, words: string[], options) => {
    const { configCommand } = await import('./cli/config.ts');
    await configCommand(operation, words.map(String), {
      socket: String(options.socket),
      explain: Boolean(options.explain),
      json: Boolean(options.json),
      timeout: wholeNumber('--timeout', options.timeout, 1),
    });
  });

cli
  .command('status', 'The cluster: highly available or not and why, and every node in it')
  .option('--json', 'Print JSON')
  .option('--wait-ha', 'Wait until the cluster is highly available')
  .option('--timeout <seconds>', 'How long --wait-ha waits', { default: 300 })
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .option('--server <address>', 'Ask this node from afar, with the operator’s key: HOST or HOST:PORT')
  .option('--cluster <name>', 'What the cluster is known as on this computer (with --server)')
  .option('--fingerprint <sha256>', 'The key of the node, as its console shows it (with --server)')
  .option('--keys <dir>', 'Where the operator’s key is (default: ./keys, or ~/.config/trivet)')
  .action(async (options) => {
    const how = {
      json: Boolean(options.json),
      waitHa: Boolean(options.waitHa),
      timeout: wholeNumber('--timeout', options.timeout, 1),
    };
    const remote = remoteOptions(options);
    if (remote === null) return statusCommand({ socket: String(options.socket), ...how });
    const { remoteStatusCommand } = await import('./cli/remote.ts');
    return remoteStatusCommand({ ...remote, ...how });
  });

cli
  .command(
    'kubeconfig',
    'A kubeconfig for the operator: a certificate of the cluster’s CA for the operator’s key',
  )
  .option('--server <address>', 'A node of the cluster: HOST or HOST:PORT')
  .option('--cluster <name>', 'What the cluster is known as on this computer (default: its own name)')
  .option('--fingerprint <sha256>', 'The key of the node, as its console shows it')
  .option('--keys <dir>', 'Where the operator’s key is (default: ./keys, or ~/.config/trivet)')
  .option('--out <file>', 'Write it there, for its owner alone (default: standard output)')
  .option('--force', 'Replace FILE when it exists')
  .option('--api-port <port>', 'Where the nodes serve the Kubernetes API', { default: 6443 })
  .action(async (options) => {
    const remote = remoteOptions(options);
    if (remote === null) throw usageError('kubeconfig needs --server ADDRESS, a node of the cluster.');
    const { kubeconfigCommand } = await import('./cli/remote.ts');
    const apiPort = wholeNumber('--api-port', options.apiPort, 1);
    if (apiPort > 65_535) throw usageError(`--api-port ${apiPort}: a port is a number from 1 to 65535.`);
    const out = textOption(options.out);
    await kubeconfigCommand({ ...remote, out, force: Boolean(options.force), apiPort });
  });

cli
  .command('console', 'Show on the machine’s consoles how it is, whenever that changes; what systemd starts')
  .option('--device <path>', 'Show it there, in place of the kernel’s consoles; may be given again')
  .option('--patience <seconds>', 'Show nothing before an agent that starts has answered, for so long', {
    default: 0,
  })
  .option('--once', 'Print it here, once')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (options) => {
    const { consoleCommand } = await import('./cli/console.ts');
    await consoleCommand({
      socket: String(options.socket),
      devices: [options.device ?? []].flat().map(String),
      patience: wholeNumber('--patience', options.patience, 0),
      once: Boolean(options.once),
    });
  });

cli
  .command(
    'kv <operation> [...args]',
    'The datastore: kv get KEY, kv put KEY VALUE, kv del KEY, kv watch KEY',
  )
  .option('--prefix', 'All keys that start with KEY (get, del, watch)')
  .option('--revision <n>', 'Watch from this revision on (watch)')
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action((operation: string, args: string[], options) =>
    kvCommand(operation, args.map(String), {
      socket: String(options.socket),
      json: Boolean(options.json),
      prefix: Boolean(options.prefix),
      revision: options.revision === undefined ? undefined : wholeNumber('--revision', options.revision, 1),
    }),
  );

cli
  .command(
    'backup <file>',
    'Write a consistent copy of the datastore to FILE; works on any node, also without a quorum',
  )
  .option('--force', 'Replace FILE when it exists')
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (file: string, options) => {
    const { backupCommand } = await import('./cli/backup.ts');
    await backupCommand(String(file), {
      socket: String(options.socket),
      force: Boolean(options.force),
      json: Boolean(options.json),
    });
  });

cli
  .command('restore <file>', 'Start a new cluster on this blank machine with the data of a backup')
  .option('--confirm <name>', "The cluster's name (cluster.name), as a sign that you mean it")
  .option('--check', 'Only check FILE and say what it holds; needs no agent')
  .option('--without-secrets', 'Leave out the Secrets, where this machine has another enrolment secret')
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (file: string, options) => {
    const { restoreCommand } = await import('./cli/backup.ts');
    await restoreCommand(String(file), {
      socket: String(options.socket),
      confirm: options.confirm === undefined ? null : String(options.confirm),
      check: Boolean(options.check),
      withoutSecrets: Boolean(options.withoutSecrets),
      json: Boolean(options.json),
    });
  });

cli
  .command('recover', 'After a lost quorum: let this node go on alone, as a new cluster, with what it has')
  .option('--confirm <name>', "The cluster's name, as a sign that you mean it; without it nothing is done")
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action((options) =>
    recoverCommand({
      socket: String(options.socket),
      confirm: options.confirm === undefined ? null : String(options.confirm),
      json: Boolean(options.json),
    }),
  );

cli
  .command(
    'nodes [action] [node]',
    'The members and the machines that wait to join: nodes, nodes approve|refuse NODE, nodes open|close (enrolment by the secret)',
  )
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (action: string | undefined, node: string | undefined, options) => {
    const { nodesCommand } = await import('./cli/nodes.ts');
    await nodesCommand(String(action ?? 'list'), node === undefined ? undefined : String(node), {
      socket: String(options.socket),
      json: Boolean(options.json),
    });
  });

cli
  .command(
    'join [...addresses]',
    'Make this machine, which belongs to no cluster, a member of the one at ADDRESS[:PORT], with a one-time token',
  )
  .option(
    '--token <token>',
    'As "trivet token create" prints it on a member; "-" reads it from the standard input',
  )
  .option('--timeout <seconds>', 'How long it is tried', { default: 120 })
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (addresses: string[], options) => {
    const { joinCommand } = await import('./cli/join.ts');
    await joinCommand(addresses.map(String), {
      socket: String(options.socket),
      token: textOption(options.token),
      timeout: wholeNumber('--timeout', options.timeout, 1),
      json: Boolean(options.json),
    });
  });

cli
  .command(
    'token <operation> [id]',
    'One-time tokens that admit a machine (cluster.token): token create, token list, token revoke ID',
  )
  .option('--ttl <time>', 'How long it may be used: 30m, 1h, 7d (create)', { default: '1h' })
  .option('--role <role>', 'voter: may get any role; spare: works, and never holds the data (create)', {
    default: 'voter',
  })
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (operation: string, id: string | undefined, options) => {
    const { tokenCommand } = await import('./cli/token.ts');
    await tokenCommand(operation, id === undefined ? undefined : String(id), {
      socket: String(options.socket),
      ttl: String(options.ttl),
      role: String(options.role),
      json: Boolean(options.json),
    });
  });

cli
  .command(
    'vouchers [action] [word]',
    'Vouchers of a factory’s cards: vouchers, vouchers refuse|allow ID, vouchers claim FILE (take a batch over)',
  )
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (action: string | undefined, word: string | undefined, options) => {
    const { vouchersCommand } = await import('./cli/vouchers.ts');
    await vouchersCommand(String(action ?? 'list'), word === undefined ? undefined : String(word), {
      socket: String(options.socket),
      json: Boolean(options.json),
    });
  });

cli
  .command(
    'ca <operation>',
    'The authority that signs the nodes’ certificates: ca status, ca rotate (a new one, while all goes on)',
  )
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (operation: string, options) => {
    const { authorityCommand } = await import('./cli/ca.ts');
    await authorityCommand(operation, { socket: String(options.socket), json: Boolean(options.json) });
  });

cli
  .command(
    'api-keys <operation>',
    'The keys that encrypt Secrets and sign the tokens of accounts: api-keys status, api-keys rotate (new ones, while all goes on)',
  )
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (operation: string, options) => {
    const { apiKeysCommand } = await import('./cli/api-keys.ts');
    await apiKeysCommand(operation, { socket: String(options.socket), json: Boolean(options.json) });
  });

cli
  .command('remove-node <node>', 'Remove a node for good, by its name or id: its key is refused from then on')
  .option('--force', 'At once, without handing its seat over first: for a machine that is gone or stolen')
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (node: string, options) => {
    const { removeNodeCommand } = await import('./cli/remove-node.ts');
    await removeNodeCommand(String(node), {
      socket: String(options.socket),
      force: Boolean(options.force),
      json: Boolean(options.json),
    });
  });

cli
  .command(
    'update <operation> [file]',
    'The system: update install [FILE|DEVICE], update status, update confirm (what runs at every start)',
  )
  .option('--retry', 'Install a version again that has failed its trial (install)')
  .option('--no-restart', 'Leave the restart into the new version to you (install)')
  .option('--json', 'Print JSON (status)')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action(async (operation: string, file: string | undefined, options) => {
    const { updateCommand } = await import('./cli/update.ts');
    await updateCommand(operation, file === undefined ? undefined : String(file), {
      socket: String(options.socket),
      json: Boolean(options.json),
      retry: Boolean(options.retry),
      restart: Boolean(options.restart),
    });
  });

cli
  .command('reset', 'Make this machine as it was when its image was written: its data and its identity go')
  .option('--confirm <name>', "The machine's name, as a sign that you mean it; without it nothing is done")
  .option('--json', 'Print JSON')
  .option('--socket <path>', 'The administration socket', { default: defaultSocket })
  .action((options) =>
    resetCommand({
      socket: String(options.socket),
      confirm: options.confirm === undefined ? null : String(options.confirm),
      json: Boolean(options.json),
    }),
  );

cli
  .command(
    'recovery-key [file]',
    'Print the key that opens the encrypted data partition of a machine, from recovery/NAME.json on its boot partition',
  )
  .option('--keys <dir>', 'Where the operator’s key is (default: ./keys, or ~/.config/trivet)')
  .option('--make', 'Make it, on the machine; what systemd starts')
  .action(async (file: string | undefined, options) => {
    const { recoveryKeyCommand } = await import('./cli/recovery-key.ts');
    await recoveryKeyCommand(file === undefined ? undefined : String(file), {
      make: Boolean(options.make),
      keys: textOption(options.keys),
    });
  });

cli
  .command('licenses [name]', 'What is in this executable and under which licences; with NAME, that text')
  .option('--all', 'Print every text')
  .option('--json', 'Print JSON')
  .action(async (name: string | undefined, options) => {
    const { licensesCommand } = await import('./cli/licenses.ts');
    licensesCommand(name === undefined ? undefined : String(name), {
      all: Boolean(options.all),
      json: Boolean(options.json),
    });
  });

cli.option('-v, --version', 'Print version and commit, and what the program is made of; with --json as JSON');
cli.help();

function textOption(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** null where a node on this machine is meant. */
function remoteOptions(options: Readonly<Record<string, unknown>>): RemoteOptions | null {
  const { server, cluster, fingerprint, keys } = options;
  if (server !== undefined) {
    return {
      server: String(server),
      ...{ cluster: textOption(cluster), fingerprint: textOption(fingerprint), keys: textOption(keys) },
    };
  }
  if (cluster !== undefined || fingerprint !== undefined || keys !== undefined)
    throw usageError(
      '--cluster, --fingerprint and --keys are for a node that is asked from afar: --server ADDRESS.',
    );
  return null;
}

function wholeNumber(option: string, value: unknown, least: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw usageError(`${option} must be a whole number of at least ${least}, not "${String(value)}".`);
}

async function main(): Promise<void> {
  cli.parse(process.argv, { run: false });
  if (cli.options.help) return;
  if (cli.options.version) {
    const { versionCommand } = await import('./cli/version.ts');
    versionCommand({ json: Boolean(cli.options.json) });
    return;
  }
  if (!cli.matchedCommand) {
    const name = cli.args[0];
    if (name !== undefined) throw usageError(`There is no command "${name}". See: trivet --help`);
    cli.outputHelp();
    process.exitCode = 2;
    return;
  }
  await cli.runMatchedCommand();
}

/** One line for the person, and an exit code. */
function fail(error: unknown): void {
  process.stderr.write(`trivet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

main().catch(fail);

/**
 * `npm run demo`: the main job once through. Builds the image, boots three machines of it, waits until they are a highly
 * available cluster, stores a key, kills the leader, reads the key again, asks the cluster by kubectl from outside, and says how
 * long each step took.
 */
import path from 'node:path';
import { copyOperatorKey, kubeconfigWords, kubectl } from './kubectl-command.ts';
import { ClusterWatch } from './lab/cluster-watch.ts';
import type { Gateway } from './lab/gateway.ts';
import { Lab } from './lab/lab.ts';
import { LiveView } from './lab/live-view.ts';
import { askStatus, findLeader, waitForHa } from './lab/observe.ts';
import { waitUntil } from './lab/wait.ts';
import { openImage } from './machine/image.ts';
import type { Machine } from './machine/machine.ts';
import { buildRecipe, trivet } from './trivet-command.ts';

const recipe = 'recipes/cloud-x86_64.yaml';
const formingLimitSeconds = 600;
const failoverLimitSeconds = 120;
const key = 'demo/greeting';
const value = 'hello from the first machine';
const apiLimitSeconds = 120;

const steps: { readonly what: string; readonly seconds: number }[] = [];

/** Runs one step under a headline and remembers how long it took. */
async function step<Result>(headline: string, what: () => Promise<Result>): Promise<Result> {
  process.stdout.write(`\n== ${headline}\n`);
  const startedAt = performance.now();
  const result = await what();
  steps.push({ what: headline, seconds: (performance.now() - startedAt) / 1000 });
  return result;
}

/** Runs a command of the user's, shown as the user would type it. */
async function show(...words: readonly string[]): Promise<string> {
  process.stdout.write(
    `$ npx trivet ${words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ')}\n`,
  );
  const said = await trivet(words);
  process.stdout.write(said);
  return said;
}

/** Runs the real kubectl, shown as its user would type it. */
async function showKubectl(kubeconfig: string, ...words: readonly string[]): Promise<string> {
  process.stdout.write(`$ kubectl ${words.join(' ')}\n`);
  const said = await kubectl(kubeconfig, words);
  process.stdout.write(said);
  return said;
}

function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

async function formCluster(lab: Lab): Promise<readonly Machine[]> {
  const machines = await lab.startMachines(3);
  const view = new LiveView(process.stdout);
  const watch = new ClusterWatch(machines, (views) => view.show(views));
  view.show(watch.views);
  try {
    const what = 'all three say that they are highly available';
    await waitUntil({ what, limitSeconds: formingLimitSeconds, pauseMilliseconds: 100 }, async () =>
      watch.views.every(({ status }) => status?.highAvailability) ? true : null,
    );
    view.show(watch.views);
  } finally {
    watch.stop();
  }
  return machines;
}

/** Resolves with the machine that leads now, as a survivor sees it. */
async function waitForNewLeader(survivors: readonly Machine[], oldLeader: string | null): Promise<Machine> {
  const status = await waitUntil(
    { what: 'the survivors have a new leader', limitSeconds: failoverLimitSeconds, pauseMilliseconds: 100 },
    async () => {
      const answers = await Promise.all(survivors.map(askStatus));
      const [first] = answers;
      const agreed = first?.leader && answers.every((answer) => answer?.leader === first.leader);
      return agreed && first.leader !== oldLeader ? first : null;
    },
  );
  return await findLeader(survivors, status);
}

/** @returns a kubeconfig for the API of this machine, from outside of all of them. */
async function writeKubeconfig(lab: Lab, gateway: Gateway, machine: Machine): Promise<string> {
  const status = await askStatus(machine);
  const own = status?.nodes.find(({ id }) => id === status.self.id)?.hosts ?? [];
  const place = gateway.places.find(({ address }) => own.includes(address));
  if (place === undefined)
    throw new Error(`${machine.name} cannot be reached from outside: ${own.join(', ')}`);
  const file = path.join(lab.directory, 'demo.kubeconfig');
  await show(...kubeconfigWords(place, file, copyOperatorKey(lab.directory)));
  return file;
}

/** Shows all of them, also one that is off. */
async function showNodes(kubeconfig: string): Promise<void> {
  const what = 'kubectl shows three nodes';
  await waitUntil({ what, limitSeconds: apiLimitSeconds, pauseMilliseconds: 1_000 }, async () => {
    const names = await kubectl(kubeconfig, ['get', 'nodes', '-o', 'name']).catch(() => '');
    return names.trim().split('\n').length === 3 ? true : null;
  });
  await showKubectl(kubeconfig, 'get', 'nodes', '-o', 'wide');
}

async function run(lab: Lab): Promise<void> {
  const gateway = await lab.addGateway(3);
  const machines = await step('three machines from power-on to high availability', () => formCluster(lab));
  const [first, second] = machines as [Machine, Machine, Machine];
  const before = await step('the cluster as the first machine sees it', async () => {
    const said = await show('status', '--socket', first.adminSocket);
    expect(said.includes('high-availability: yes'), 'the status does not say high-availability: yes');
    return await waitForHa(machines, { limitSeconds: failoverLimitSeconds });
  });
  await step(`a key is written on ${first.name}`, () =>
    show('kv', 'put', key, value, '--socket', first.adminSocket),
  );
  await step(`the key is read on ${second.name}`, async () => {
    const said = await show('kv', 'get', key, '--socket', second.adminSocket);
    expect(said.trim() === value, `the key holds "${said.trim()}" and not "${value}"`);
  });
  const leader = await findLeader(machines, before);
  const survivors = machines.filter((machine) => machine !== leader);
  const [survivor] = survivors as [Machine];
  const kubeconfig = await step(
    `the nodes as kubectl sees them from outside, by ${survivor.name}`,
    async () => {
      const file = await writeKubeconfig(lab, gateway, survivor);
      await showNodes(file);
      return file;
    },
  );
  const next = await step(`the leader, ${leader.name}, loses power; the others elect`, async () => {
    await leader.cutPower();
    const elected = await waitForNewLeader(survivors, before.leader);
    process.stdout.write(`${leader.name} is off, ${elected.name} leads\n`);
    return elected;
  });
  await step(`the key is read on ${survivor.name}`, async () => {
    const said = await show('kv', 'get', key, '--socket', survivor.adminSocket);
    expect(said.trim() === value, `the key holds "${said.trim()}" and not "${value}"`);
  });
  await step(`the cluster as the new leader, ${next.name}, sees it`, () =>
    show('status', '--socket', next.adminSocket),
  );
  await step('the nodes as kubectl sees them from outside', () => showNodes(kubeconfig));
}

function formatSteps(): string {
  const rows = steps.map(({ what, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${what}`);
  return `\n${rows.join('\n')}\n`;
}

async function main(): Promise<void> {
  const image = await step(`the image of ${recipe}`, () => buildRecipe(recipe));
  const lab = Lab.open({ image: openImage(image) });
  const interrupt = (): void => void lab.close().then(() => process.exit(130));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    await run(lab);
  } catch (error) {
    const kept = path.join(lab.directory, '*.console');
    process.stderr.write(`\n${lab.report()}\n\nThe consoles are kept: ${kept}\n`);
    await lab.close({ keepFiles: true });
    throw error;
  }
  await lab.close();
  process.stdout.write(formatSteps());
}

main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

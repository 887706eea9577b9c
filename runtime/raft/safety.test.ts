/**
 * Random schedules: messages lost, repeated and reordered, links cut, nodes crashed with unsynced writes
 * lost, membership changed, leadership handed over, logs compacted. The checker watches every step, and at
 * the end, with all faults gone, the cluster must commit again. A failing seed is in the failure's text.
 */
import t from 'tap';
import { Network, nodeIds } from './testing/network.ts';
import type { TestNode } from './testing/node.ts';
import { pick, type Random, seededRandom } from './testing/seeded-random.ts';

const SEEDS = Number(process.env.RAFT_SEEDS ?? 600);
const FIRST_SEED = Number(process.env.RAFT_SEED ?? 1);
const STEPS = 8000;

interface Run {
  readonly network: Network;
  readonly random: Random;
  proposals: number;
  reads: number;
}

type Action = readonly [weight: number, act: (run: Run) => void];

const actions: readonly Action[] = [
  [300, deliverOne],
  [90, (run) => anyUp(run, (node) => node.raft.tick())],
  [120, (run) => anyUp(run, (node) => node.syncOne())],
  [20, proposeOne],
  [6, readOne],
  [4, (run) => shuffleWire(run)],
  [5, (run) => run.network.wire.splice(Math.floor(run.random() * run.network.wire.length), 1)],
  [3, repeatOne],
  [2, shipOne],
  [2, changeMembership],
  [
    1,
    (run) =>
      anyUp(run, (node) => node.raft.transferLeadership(pick(run.random, [...run.network.nodes.keys()]))),
  ],
  [2, (run) => anyUp(run, (node) => node.compact(node.appliedIndex))],
  [0.5, crashOne],
  [2, restartOne],
  [0.5, cutOne],
  [1, (run) => run.network.heal()],
];

t.test('Raft keeps its safety properties in random schedules (figure 3.2)', async (t) => {
  let commits = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    try {
      commits += runSeed(seed);
    } catch (error) {
      t.fail(`seed ${seed} (repeat with RAFT_SEED=${seed} RAFT_SEEDS=1): ${(error as Error).stack}`);
      return;
    }
  }
  t.ok(commits > SEEDS * 20, `${commits} entries were committed in ${SEEDS} schedules`);
});

function runSeed(seed: number): number {
  const random = seededRandom(seed);
  const names = pick(random, ['a', 'ab', 'abc', 'abc', 'abcde']);
  const maxInflight = pick(random, [1, 4, 64]);
  const network = new Network(names, { seed, maxInflight, maxAppendBytes: pick(random, [1, 100, 10_000]) });
  for (const id of nodeIds('xy')) network.add(id);
  const run: Run = { network, random, proposals: 0, reads: 0 };
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < STEPS; step++) {
    let left = random() * total;
    const [, act] = actions.find(([weight]) => {
      left -= weight;
      return left < 0;
    })!;
    act(run);
    for (const node of network.nodes.values()) node.takeAll();
  }
  return recover(run);
}

/** All faults end; then the cluster has to elect, commit and bring everybody to the same state. */
function recover({ network }: Run): number {
  network.heal();
  for (const node of network.nodes.values()) if (!node.up) node.restart();
  network.settle();
  network.runUntil('a leader commits again', () => {
    const leader = network.leader();
    if (leader === null) return false;
    const { commit, lastIndex, changing } = network.raft(leader).status();
    return commit === lastIndex && commit >= network.checker.highestCommit && !changing;
  });
  network.runUntil('no leadership is being handed over', () => {
    const leader = network.leader();
    return leader !== null && network.raft(leader).status().transferTarget === null;
  });
  const leader = network.leader()!;
  const outcome = network.propose(leader, 'last');
  if (outcome.kind !== 'accepted')
    throw new Error(`the last proposal was refused: ${JSON.stringify(outcome)}`);
  const { configuration } = network.raft(leader).status();
  const everybody = [...configuration.voters, ...configuration.learners];
  network.runUntil('all members have applied the last entry', () =>
    everybody.every((id) => network.node(id).commands.at(-1) === 'last'),
  );
  network.runUntil('every read has its answer', () =>
    [...network.reads.values()].every((read) => read.index !== undefined),
  );
  const [first, ...others] = everybody.map((id) => network.node(id).commands.join());
  if (others.some((commands) => commands !== first))
    throw new Error(`the state machines differ: ${JSON.stringify([everybody, first, ...others])}`);
  return network.checker.highestCommit;
}

function anyUp(run: Run, act: (node: TestNode) => void): void {
  const up = [...run.network.nodes.values()].filter((node) => node.up);
  if (up.length > 0) act(pick(run.random, up));
}

function deliverOne({ network }: Run): void {
  const message = network.wire.shift();
  if (message !== undefined) network.deliver(message);
}

function proposeOne(run: Run): void {
  anyUp(run, (node) => run.network.propose(node.id, `command ${run.proposals++}`));
}

function readOne(run: Run): void {
  anyUp(run, (node) => run.network.read(node.id, `${node.id} ${run.reads++}`));
}

function shuffleWire({ network, random }: Run): void {
  network.wire = network.wire
    .map((message) => ({ message, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ message }) => message);
}

function repeatOne({ network, random }: Run): void {
  if (network.wire.length > 0) network.wire.push(pick(random, network.wire));
}

function shipOne({ network, random }: Run): void {
  if (network.wantedSnapshots.length === 0) return;
  const wanted = pick(random, network.wantedSnapshots);
  network.wantedSnapshots = network.wantedSnapshots.filter((each) => each !== wanted);
  network.ship(wanted);
}

function changeMembership({ network, random }: Run): void {
  const leader = network.leader();
  if (leader === null) return;
  const roles = [...network.nodes.keys()].map((id) => [
    id,
    pick(random, ['voter', 'voter', 'learner', 'none']),
  ]);
  const named = (role: string) => roles.filter(([, each]) => each === role).map(([id]) => id);
  network.change(leader, named('voter').join(''), named('learner').join(''));
}

function crashOne(run: Run): void {
  anyUp(run, (node) => {
    for (let synced = Math.floor(run.random() * 3); synced > 0; synced--) node.syncOne();
    node.crash(Math.floor(run.random() * (node.appliedIndex + 1)), run.random() < 0.5);
    // A crashed node's reads are gone with it.
    for (const [context, read] of run.network.reads) {
      if (context.startsWith(`${node.id} `)) read.index ??= null;
    }
  });
}

function restartOne({ network, random }: Run): void {
  const down = [...network.nodes.values()].filter((node) => !node.up);
  if (down.length > 0) pick(random, down).restart();
}

function cutOne({ network, random }: Run): void {
  const ids = [...network.nodes.keys()];
  if (random() < 0.5) network.cut(pick(random, ids), pick(random, ids));
  else network.isolate(pick(random, ids));
}

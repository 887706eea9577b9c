/**
 * Who may import whom: one table, checked against every import of the project, and a search for circles.
 * Imports follow the tree downward (ARCHITECTURE.md).
 */
import path from 'node:path';
import type { SourceFile } from './sources.ts';

/**
 * An area is a folder, or a single file; the longest name that fits a path is its area. Each may import itself, the
 * areas named here with all below them, and nothing else of the project.
 */
const areas: Readonly<Record<string, readonly string[]>> = {
  'runtime/main.ts': ['runtime/cli'],
  'runtime/main.test.ts': ['runtime/version.ts'],
  'runtime/cli': [
    ...['runtime/agent', 'runtime/admin', 'runtime/backup', 'runtime/config', 'runtime/console'],
    ...['runtime/licenses', 'runtime/operator', 'runtime/updates', 'runtime/vouchers', 'runtime/version.ts'],
    'runtime/recovery',
    // A person's computer makes a certificate of the operator's key, and connects.
    ...['runtime/peers', 'runtime/cluster'],
  ],
  'runtime/agent': [
    ...['runtime/cluster', 'runtime/datastore', 'runtime/peers', 'runtime/raft', 'runtime/admin'],
    ...['runtime/config', 'runtime/logging', 'runtime/files', 'runtime/threads', 'runtime/updates'],
    ...['runtime/vouchers', 'runtime/apiserver', 'runtime/resources'],
    ...['runtime/subresources', 'runtime/controllers', 'runtime/version.ts'],
  ],
  'runtime/console': ['runtime/admin'],
  'runtime/operator': [
    'runtime/admin',
    'runtime/cluster',
    'runtime/peers',
    'runtime/operator/operator-key.ts',
  ],
  'runtime/operator/operator-key.ts': [],
  'runtime/recovery': ['runtime/files', 'runtime/operator/operator-key.ts', 'runtime/updates'],
  'runtime/updates': ['runtime/admin', 'runtime/files'],
  'runtime/cluster': [
    ...['runtime/datastore', 'runtime/peers', 'runtime/raft', 'runtime/admin', 'runtime/config'],
    ...['runtime/logging', 'runtime/files', 'runtime/encoding', 'runtime/threads', 'runtime/vouchers'],
    'runtime/version.ts',
    'runtime/cluster/discovery',
  ],
  // Finds places; knows nothing of what a cluster is.
  'runtime/cluster/discovery': ['runtime/peers', 'runtime/raft', 'runtime/config', 'runtime/logging'],
  'runtime/benchmarks': ['runtime/agent', 'runtime/admin', 'runtime/datastore', 'runtime/operator'],
  'runtime/datastore': [
    ...['runtime/raft', 'runtime/peers', 'runtime/encoding', 'runtime/files', 'runtime/logging'],
    ...['runtime/threads', 'runtime/datastore/state-machine'],
  ],
  'runtime/datastore/state-machine': ['runtime/encoding', 'runtime/raft'],
  'runtime/peers': ['runtime/raft', 'runtime/encoding', 'runtime/logging'],
  'runtime/process-faults': [
    ...['runtime/admin', 'runtime/checkers', 'runtime/cluster/discovery', 'runtime/raft'],
  ],
  'runtime/checkers': [],
  'runtime/simulation': ['runtime/checkers', 'runtime/datastore', 'runtime/raft', 'runtime/logging'],
  'runtime/raft': [],
  'runtime/apiserver': ['runtime/datastore', 'runtime/apiserver/schemas'],
  // Knows what special kinds say, to fill in and to refuse.
  'runtime/apiserver/admission': ['runtime/apiserver', 'runtime/resources', 'runtime/apiserver/schemas'],
  // Begins with the objects that the server makes for itself.
  'runtime/apiserver/flow-control': ['runtime/apiserver', 'runtime/resources', 'runtime/apiserver/schemas'],
  'runtime/subresources': ['runtime/apiserver', 'runtime/resources', 'runtime/apiserver/schemas'],
  // Clients of the API, which know nothing of the agent.
  'runtime/controllers': [
    ...['runtime/apiserver', 'runtime/apiserver/schemas', 'runtime/resources', 'runtime/logging'],
  ],
  'runtime/resources': ['runtime/apiserver', 'runtime/apiserver/schemas'],
  'runtime/admin': [],
  'runtime/config': [],
  'runtime/logging': [],
  'runtime/files': [],
  'runtime/threads': [],
  'runtime/backup': [],
  'runtime/licenses': [],
  'runtime/encoding': [],
  'runtime/vouchers': [],
  'runtime/apiserver/schemas': [],
  'runtime/version.ts': [],

  // The formats of updates and of vouchers have a writer here and a reader there.
  image: [
    ...['image/formats', 'runtime/config', 'runtime/licenses', 'runtime/updates', 'runtime/vouchers'],
    'runtime/version.ts',
    // The build makes the key with which the commands of an operator ask.
    'runtime/operator/operator-key.ts',
    // Assets of the executable.
    'image/generate',
  ],
  'image/cli': [
    ...['image', 'qemu-tests/lab', 'qemu-tests/machine', 'runtime/operator/operator-key.ts'],
    'runtime/vouchers',
  ],
  // The build knows nothing of the flasher.
  'image/flash': ['image', 'image/formats', 'runtime/config'],
  // Makes what the API server reads.
  'image/generate': ['image', 'runtime/apiserver/schemas'],
  // Nor of the factory.
  'image/factory': ['image', 'runtime/config', 'runtime/vouchers'],
  'image/main.ts': ['image', 'image/cli'],
  'image/host': [],
  'image/host/reference-tools.ts': ['image'],
  'image/host/agent-program.ts': ['image'],
  'image/formats': [],

  'qemu-tests/switch': [],
  'qemu-tests/machine': ['runtime/admin', 'image'],
  'qemu-tests/lab': ['qemu-tests/machine', 'qemu-tests/switch', 'runtime/admin', 'runtime/updates', 'image'],
  // Seeded randomness is the same everywhere.
  'qemu-tests/powercut': [
    ...['qemu-tests/lab', 'qemu-tests/machine', 'qemu-tests', 'runtime/admin', 'runtime/raft', 'image'],
  ],
  'qemu-tests/rollback': [
    ...['qemu-tests/lab', 'qemu-tests/machine', 'qemu-tests/powercut', 'qemu-tests', 'image'],
    ...['runtime/admin', 'runtime/raft'],
  ],
  'qemu-tests/scenarios/one-machine/rollback.test.ts': ['qemu-tests/rollback', 'qemu-tests'],
  'qemu-tests/bench': ['qemu-tests/targets', 'qemu-tests/lab', 'qemu-tests/machine', 'qemu-tests', 'image'],
  'qemu-tests/targets': ['qemu-tests/lab', 'qemu-tests/machine', 'qemu-tests', 'runtime/admin', 'image'],
  'qemu-tests/scenarios/one-machine/configuration.test.ts': [
    ...['runtime/admin', 'runtime/config', 'runtime/operator', 'qemu-tests', 'image'],
  ],
  // Reads what lies on a disk.
  'qemu-tests/scenarios/zero-touch.test.ts': [
    ...['runtime/admin', 'runtime/cluster', 'runtime/datastore', 'image', 'qemu-tests'],
  ],
  'qemu-tests/scenarios/one-machine/power-cuts.test.ts': ['qemu-tests/powercut', 'runtime/raft'],
  'qemu-tests': [
    ...['qemu-tests/lab', 'qemu-tests/machine', 'qemu-tests/switch', 'runtime/admin', 'image'],
    // Asks as an operator does.
    'runtime/operator/operator-key.ts',
  ],
};

/** Tests of a folder may also use these, to see it together with its neighbours. */
const testsMayAlsoImport: Readonly<Record<string, readonly string[]>> = {
  'runtime/peers': ['runtime/cluster'],
  'runtime/apiserver': ['runtime/cluster', 'runtime/raft', 'runtime/resources'],
  // Members of a cluster are made by its own CA.
  'runtime/cluster/discovery': ['runtime/cluster'],
  'qemu-tests/machine': ['qemu-tests/lab'],
  // What a device would say to a bundle.
  'image/cli': ['runtime/config'],
  // The API server's own rules, on every golden object of Kubernetes.
  'image/generate': ['runtime/apiserver', 'runtime/resources'],
  // An operator asks agents.
  'runtime/agent': ['runtime/operator'],
  // The executable's tests run the agent in it.
  image: ['runtime/agent'],
};

const importPattern = /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/g;

/** Every violation as one sentence; none when all is well. */
export function checkImports(sources: readonly SourceFile[]): string[] {
  const graph = new Map(sources.map((file) => [file.path, importsOf(file)]));
  const problems = [...graph].flatMap(([file, targets]) =>
    // A file that does not exist is the compiler's business.
    targets
      .filter((target) => graph.has(target))
      .map((target) => judge(file, target))
      .filter((problem) => problem !== null),
  );
  return [...problems, ...findCircles(graph)];
}

function importsOf(file: SourceFile): string[] {
  const found = [...file.text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '');
  return found.map((target) => path.posix.join(path.posix.dirname(file.path), target));
}

function judge(file: string, target: string): string | null {
  const from = areaOf(file);
  const to = areaOf(target);
  if (from === null) return `${file} is in no area of the table in image/host/imports.ts`;
  if (from === to) return null;
  const extra = isTestFile(file) ? (testsMayAlsoImport[from] ?? []) : [];
  const allowed = [...(areas[from] ?? []), ...extra];
  if (allowed.some((area) => to === area || to?.startsWith(`${area}/`))) return null;
  return `${file} imports ${target}: ${from} may import only ${allowed.join(', ') || 'itself'}`;
}

function areaOf(file: string): string | null {
  let best: string | null = null;
  for (const area of Object.keys(areas)) {
    if (file !== area && !file.startsWith(`${area}/`)) continue;
    if (best === null || area.length > best.length) best = area;
  }
  return best;
}

function isTestFile(file: string): boolean {
  return file.endsWith('.test.ts') || file.includes('/testing/');
}

/** Depth first; a file met again on the way down closes a circle. Each circle is named once. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const finished = new Set<string>();
  const way: string[] = [];
  const circles: string[] = [];
  const visit = (file: string): void => {
    const start = way.indexOf(file);
    if (start >= 0) circles.push(`a circle of imports: ${[...way.slice(start), file].join(' -> ')}`);
    if (start >= 0 || finished.has(file)) return;
    way.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    way.pop();
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}

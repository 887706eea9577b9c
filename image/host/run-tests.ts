/**
 * `npm test`: unit tests three at a time, as agents mostly wait, then an image and the scenarios on virtual machines: those of one
 * machine two at a time, as an emulated machine keeps one processor busy, those of several one at a time. The last
 * line is the sum of all: `N passed, N failed`. `--unit` and `--vm` run one half; `--long` runs `*.long.test.ts`, which the
 * usual run leaves out, and all stories of the scenarios that it tells in part.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TapProgress } from './tap-progress.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
const recipe = 'recipes/cloud-x86_64.yaml';

interface Sums {
  passed: number;
  failed: number;
}

const sums: Sums = { passed: 0, failed: 0 };

/** Runs test files under tap and adds to the sums. A runner that breaks counts as a failure. */
async function runTap(
  files: readonly string[],
  jobs: number,
  environment: Record<string, string>,
): Promise<void> {
  const progress = new TapProgress((line) => process.stdout.write(`${line}\n`));
  const tap = path.join(checkout, 'node_modules/.bin/tap');
  const code = await start(tap, ['run', '--reporter=tap', '--no-color', `--jobs=${jobs}`, ...files], {
    environment,
    onLine: (line) => progress.line(line),
  });
  const result = progress.end();
  sums.passed += result.passed;
  sums.failed += result.failed;
  if (result.passed + result.failed === 0 || (code !== 0 && result.failed === 0)) {
    console.log(`FAILED  the test runner ended with ${code} and reported no failing test`);
    sums.failed += 1;
  }
}

interface StartOptions {
  readonly environment: Record<string, string>;
  readonly onLine: (line: string) => void;
}

/** Starts a program, hands over its output line by line, and resolves with its exit code. */
function start(program: string, programArguments: readonly string[], options: StartOptions): Promise<number> {
  const child = spawn(program, [...programArguments], {
    cwd: checkout,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.onLine(line);
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.once('SIGTERM', forward);
  process.once('SIGINT', forward);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`FAILED  ${program} cannot be started: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => {
      if (rest !== '') options.onLine(rest);
      process.removeListener('SIGTERM', forward);
      process.removeListener('SIGINT', forward);
      resolve(code ?? 1);
    });
  });
}

const longFiles = '**/*.long.test.ts';

/** These have stories for the long run only (`longStory` in `qemu-tests/scenarios/testing/stage.ts`). */
const partlyLongFiles = [
  'qemu-tests/scenarios/zero-touch.test.ts',
  'qemu-tests/scenarios/one-machine/rollback.test.ts',
];

function testFiles(pattern: string, exclude: readonly string[] = [longFiles]): string[] {
  return globSync(pattern, { cwd: checkout, exclude: ['node_modules/**', ...exclude] }).sort();
}

async function unitTests(): Promise<void> {
  const files = testFiles('{runtime,image,qemu-tests}/**/*.test.ts');
  const units = files.filter((file) => !file.startsWith('qemu-tests/scenarios/'));
  console.log(`unit tests: ${units.length} files`);
  await runTap(units, 3, {});
}

/** Builds what the scenarios boot; without an image there is nothing to run. */
async function buildImage(): Promise<boolean> {
  console.log('image for the scenarios');
  const built = await start(process.execPath, ['image/main.ts', 'build', recipe, '--json'], {
    environment: {},
    onLine: () => {},
  });
  if (built === 0) return true;
  console.log(`FAILED  the image was not built (trivet build ended with ${built})`);
  sums.failed += 1;
  return false;
}

async function scenarios(): Promise<void> {
  if (!(await buildImage())) return;
  const several = testFiles('qemu-tests/scenarios/*.test.ts');
  const single = testFiles('qemu-tests/scenarios/one-machine/*.test.ts');
  console.log(`scenarios on virtual machines: ${several.length + single.length} files`);
  await runTap(several, 1, { TRIVET_IMAGE_IS_BUILT: '1' });
  await runTap(single, 2, { TRIVET_IMAGE_IS_BUILT: '1' });
}

async function longTests(): Promise<void> {
  if (!(await buildImage())) return;
  const files = [...testFiles(longFiles, []), ...partlyLongFiles];
  console.log(`long tests: ${files.length} files`);
  await runTap(files, 1, { TRIVET_IMAGE_IS_BUILT: '1', TRIVET_LONG_STORIES: '1' });
}

async function main(parts: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  // Hundreds of agents and commands start from the same sources: without it, reading them is two fifths of an agent's work.
  const compileCache = mkdtempSync(path.join(tmpdir(), 'trivet-compile-cache-'));
  process.env.NODE_COMPILE_CACHE = compileCache;
  try {
    if (parts.length === 0 || parts.includes('--unit')) await unitTests();
    if (parts.length === 0 || parts.includes('--vm')) await scenarios();
    if (parts.includes('--long')) await longTests();
  } catch (error) {
    console.log(`FAILED  the test runner: ${error instanceof Error ? error.message : String(error)}`);
    sums.failed += 1;
  } finally {
    rmSync(compileCache, { recursive: true, force: true });
  }
  console.log(`\nall tests took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  console.log(`${sums.passed} passed, ${sums.failed} failed`);
  process.exitCode = sums.failed === 0 ? 0 : 1;
}

const parts = process.argv.slice(2);
const unknown = parts.filter((part) => !['--unit', '--vm', '--long'].includes(part));
if (unknown.length === 0) {
  await main(parts);
} else {
  console.error(`npm test does not know ${unknown.join(' ')}; it takes: -- --unit, -- --vm, or -- --long`);
  process.exitCode = 2;
}

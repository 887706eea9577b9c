/** Namespaces of its own for a run: what it makes there nobody else sees, and it goes when the run ends, however it ends. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';

const mark = 'TRIVET_FAULTS_INSIDE';

export function isInside(): boolean {
  return process.env[mark] === '1';
}

/** The words that give a command such namespaces; null where this user may not have them. */
export function sandboxWords(): readonly string[] | null {
  const plain = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const mapped = [...plain, '--user', '--map-root-user'];
  const works = ([program = '', ...words]: readonly string[]): boolean =>
    spawnSync(program, [...words, 'true'], { stdio: 'ignore' }).status === 0;
  return [plain, mapped].find(works) ?? null;
}

/** Runs this program again inside; resolves with its exit code. */
export function runInside(words: readonly string[], programArguments: readonly string[]): Promise<number> {
  const [program = '', ...more] = words;
  const child = spawn(program, [...more, process.execPath, ...programArguments], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: '1' },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.once('SIGTERM', forward);
  process.once('SIGINT', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** A file system in memory that only the run sees. */
export function mountMemory(directory: string, mebibytes: number): void {
  mkdirSync(directory, { recursive: true });
  mount(['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
}

/** Names of network namespaces live in /run, which may belong to somebody else. */
export function hideRun(): void {
  mountMemory('/run', 16);
}

/** Lets everybody of the run see a file's content in place of another file. */
export function putOver(file: string, content: string, own: string): void {
  writeFileSync(own, content);
  mount(['--bind', own, realpathSync(file)]);
}

export function unmount(directory: string): void {
  spawnSync('umount', ['--lazy', directory]);
}

function mount(words: readonly string[]): void {
  const run = spawnSync('mount', words, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`mount ${words.join(' ')}: ${run.stderr}`);
}

/** `npm run check`: the repository's gates, one line each, and what a failing one said. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkBannedCalls } from './banned-calls.ts';
import { checkImports } from './imports.ts';
import { readSources } from './sources.ts';

const checkout = path.resolve(import.meta.dirname, '../..');

interface Gate {
  readonly name: string;
  /** Problems as text; empty when there are none. */
  readonly run: () => string;
}

const gates: readonly Gate[] = [
  { name: 'types (tsc)', run: () => program('tsc', ['-p', '.']) },
  { name: 'format and lint (biome)', run: () => program('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'import direction and circles', run: () => checkImports(readSources(checkout)).join('\n') },
  {
    name: 'no clock, chance or I/O in pure code',
    run: () => checkBannedCalls(readSources(checkout)).join('\n'),
  },
  { name: 'dead files, exports, dependencies (knip)', run: () => program('knip', ['--no-progress']) },
];

/** A program of node_modules; its output when it fails. */
function program(name: string, programArguments: readonly string[]): string {
  const file = path.join(checkout, 'node_modules/.bin', name);
  const result = spawnSync(file, programArguments, { cwd: checkout, encoding: 'utf8' });
  if (result.error) return `${name} cannot be started: ${result.error.message}`;
  if (result.status === 0) return '';
  return `${result.stdout}${result.stderr}`.trim() || `${name} ended with ${result.status ?? result.signal}`;
}

let failed = 0;
for (const gate of gates) {
  const startedAt = performance.now();
  const problems = gate.run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${problems === '' ? 'ok    ' : 'FAILED'}  ${gate.name}  ${seconds} s`);
  if (problems !== '') {
    failed += 1;
    console.log(problems.replace(/^/gm, '        '));
  }
}
process.exitCode = failed === 0 ? 0 : 1;

/** `trivet --version`: what this program is and what it is made of. */
import Database from 'better-sqlite3';
import { commit, linkage, version } from '../version.ts';

interface Parts {
  readonly version: string;
  readonly commit: string;
  readonly node: string;
  readonly sqlite: string;
  readonly architecture: string;
  /** Whether libraries are needed beside the program. */
  readonly linkage: 'static' | 'dynamic';
}

const architectureNames: Readonly<Record<string, string>> = { x64: 'x86_64' };

/** Asks SQLite itself, so that what is printed is what runs. */
export function readParts(): Parts {
  const database = new Database(':memory:');
  const sqlite = database.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? 'unknown';
  database.close();
  return {
    version,
    commit: commit(),
    node: process.versions.node,
    sqlite,
    architecture: architectureNames[process.arch] ?? process.arch,
    linkage,
  };
}

export function versionCommand(options: { readonly json: boolean }): void {
  const parts = readParts();
  process.stdout.write(options.json ? `${JSON.stringify(parts, null, 2)}\n` : formatParts(parts));
}

function formatParts(parts: Parts): string {
  const rows = [
    ['commit', parts.commit],
    ['Node', parts.node],
    ['SQLite', parts.sqlite],
    ['program', `${parts.architecture}, ${parts.linkage}`],
  ];
  return `trivet ${parts.version}\n${rows.map(([name, value]) => `  ${name?.padEnd(9)}${value}\n`).join('')}`;
}

/** What belongs to a node's place in a cluster, and setting it aside: nothing of it is ever deleted. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { syncDirectory } from '../files/durable.ts';

const names = [
  'pki',
  'member.json',
  'log',
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'snapshots',
  'settings.json',
];
const joinsOnlyName = 'joins-only';

/** Moves the node's data into `WHY-N` and returns that directory. With `identity` its name and key too. */
export function setAside(dataDirectory: string, why: 'damaged' | 'replaced', identity = false): string {
  const aside = firstFree(dataDirectory, why);
  mkdirSync(aside, { mode: 0o700 });
  const moved = identity ? ['identity', ...names] : [...names, joinsOnlyName];
  for (const name of moved) {
    const from = path.join(dataDirectory, name);
    if (existsSync(from)) renameSync(from, path.join(aside, name));
  }
  syncDirectory(aside);
  syncDirectory(dataDirectory);
  return aside;
}

/** A node with this file joins a cluster and never starts one. */
export function joinsOnlyFile(dataDirectory: string): string {
  return path.join(dataDirectory, joinsOnlyName);
}

function firstFree(dataDirectory: string, why: string): string {
  for (let number = 1; ; number += 1) {
    const directory = path.join(dataDirectory, `${why}-${number}`);
    if (!existsSync(directory)) return directory;
  }
}

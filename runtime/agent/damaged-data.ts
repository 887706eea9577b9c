/**
 * A node whose data is damaged must not go on under its old identity: it may have forgotten what it confirmed. Its
 * files are set aside and it starts again as a blank node that only joins, never founds.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { openAddressKeeper } from '../cluster/address-keeper.ts';
import type { DamagedError } from '../datastore/recovery.ts';
import { writeFileDurably } from '../files/durable.ts';

const kept = [
  'identity',
  'pki',
  'member.json',
  'log',
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'snapshots',
];

/**
 * Gives the identity up: what comes back after the restart is a new, blank node. Never on the only member, whose
 * data nobody else has. Returns what to tell the person.
 */
export function startAgainBlank(dataDirectory: string, error: DamagedError): Error {
  if (openAddressKeeper(dataDirectory).book.entries().length === 0) {
    const text = `This node is the only member, so no other has a copy: nothing was changed in ${dataDirectory}. Put back a copy of it, or remove it to start anew without its data.`;
    return new Error(`${error.message} ${text}`);
  }
  const aside = setDamagedDataAside(dataDirectory);
  const text = `The data was set aside in ${aside}; this node joins its cluster as a new one when the agent starts again.`;
  return new Error(`${error.message} ${text}`);
}

/** Moves everything of the old identity into `damaged-N` and returns that directory. */
function setDamagedDataAside(dataDirectory: string): string {
  const aside = firstFree(dataDirectory);
  mkdirSync(aside, { mode: 0o700 });
  // First of all, or a power cut in between could leave a blank node that founds a second cluster.
  writeFileDurably(
    joinsOnlyFile(dataDirectory),
    'This node lost its data once: it joins a cluster, and never starts one.\n',
  );
  for (const name of kept) {
    const from = path.join(dataDirectory, name);
    if (existsSync(from)) renameSync(from, path.join(aside, name));
  }
  return aside;
}

/** Whether this node may start a cluster. */
export function mayFound(dataDirectory: string): boolean {
  return !existsSync(joinsOnlyFile(dataDirectory));
}

function joinsOnlyFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'joins-only');
}

function firstFree(dataDirectory: string): string {
  for (let number = 1; ; number += 1) {
    const directory = path.join(dataDirectory, `damaged-${number}`);
    if (!existsSync(directory)) return directory;
  }
}

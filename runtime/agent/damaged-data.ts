/**
 * A node whose data is damaged, or whose cluster was given up for another, must not go on under its old identity: it
 * may have forgotten what it confirmed. Its files are set aside and it starts again as a blank node that only joins.
 */
import { existsSync } from 'node:fs';
import { openAddressKeeper } from '../cluster/address-keeper.ts';
import type { DamagedError } from '../datastore/recovery.ts';
import { writeFileDurably } from '../files/durable.ts';
import { joinsOnlyFile, setAside } from './data-directory.ts';

/**
 * Gives the identity up: what comes back after the restart is a new, blank node. Never on the only member, whose
 * data nobody else has. Returns what to tell the person.
 */
export function startAgainBlank(dataDirectory: string, error: DamagedError): Error {
  if (openAddressKeeper(dataDirectory).book.entries().length === 0) {
    const text = `This node is the only member, so no other has a copy: nothing was changed in ${dataDirectory}. Put back a copy of it, or remove it to start anew without its data.`;
    return new Error(`${error.message} ${text}`);
  }
  const aside = giveUpIdentity(dataDirectory, 'damaged');
  const text = `The data was set aside in ${aside}; this node joins its cluster as a new one when the agent starts again.`;
  return new Error(`${error.message} ${text}`);
}

/** The node's cluster was recovered without it: it joins the successor as a new node. Returns what to tell the person. */
export function followSuccessor(dataDirectory: string, clusterId: string, successor: string): Error {
  const aside = giveUpIdentity(dataDirectory, 'replaced');
  return new Error(
    `The cluster ${clusterId} was recovered as ${successor} while this node was not there. Its data was set aside in ${aside}; it joins the recovered cluster as a new node when the agent starts again.`,
  );
}

/** Moves everything of the old identity aside and returns where it is. */
function giveUpIdentity(dataDirectory: string, why: 'damaged' | 'replaced'): string {
  // First of all, or a power cut in between could leave a blank node that founds a second cluster.
  writeFileDurably(
    joinsOnlyFile(dataDirectory),
    'This node lost its data once: it joins a cluster, and never starts one.\n',
  );
  return setAside(dataDirectory, why, true);
}

/** Whether this node may start a cluster. */
export function mayFound(dataDirectory: string): boolean {
  return !existsSync(joinsOnlyFile(dataDirectory));
}

/**
 * Beginning a new cluster from a state: that of a backup, or a survivor's own. The state is prepared beside the data,
 * and put in its place when the agent starts, so that a power cut at any point leaves either the old node or the new
 * cluster. What was there before is set aside, never deleted.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { encryptedMarker } from '../apiserver/storage/encryption/value-cipher.ts';
import { type ApiKeys, apiKeysKey } from '../cluster/api-keys.ts';
import { sealText } from '../cluster/authority.ts';
import type { CertificateThread } from '../cluster/certificate-thread.ts';
import { foundCluster } from '../cluster/founding.ts';
import type { Identity } from '../cluster/identity.ts';
import { type Membership, saveMembership } from '../cluster/membership.ts';
import { encodePredecessors, predecessorsKey, systemPrefix } from '../cluster/roster.ts';
import { createSealingKey, readSealingKey } from '../cluster/sealing-key.ts';
import { vouchersToKeep } from '../cluster/voucher-records.ts';
import { realSurroundings } from '../datastore/clock.ts';
import { openLogStorage } from '../datastore/log/log-storage.ts';
import { storagePaths } from '../datastore/state-files.ts';
import { countValues, renewState } from '../datastore/state-machine/renewal.ts';
import { openStateMachine } from '../datastore/state-machine/state-machine.ts';
import { openForReading } from '../datastore/state-machine/tables.ts';
import { makeDirectoryDurably, syncDirectory, writeFileDurably } from '../files/durable.ts';
import { decodeConfiguration } from '../raft/configuration.ts';
import type { NodeId } from '../raft/types.ts';
import type { Voucher } from '../vouchers/voucher.ts';
import { setAside } from './data-directory.ts';

const files = (dataDirectory: string) => {
  const directory = path.join(dataDirectory, 'renewal');
  return {
    directory,
    /** The prepared state. */
    state: path.join(directory, 'state.db'),
    /** Written last: from then on the new cluster is to begin. */
    ready: path.join(directory, 'ready'),
    /** What the new cluster seals with, where its state holds something sealed already. */
    sealingKey: path.join(directory, 'sealing.key'),
  };
};

/** Where a state that comes from a backup is to be written before `prepareRenewal`. Empty and ready for it. */
export function beginRenewal(dataDirectory: string): string {
  const at = files(dataDirectory);
  rmSync(at.directory, { recursive: true, force: true });
  makeDirectoryDurably(at.directory);
  return at.state;
}

/**
 * Makes the state at `beginRenewal`'s place that of a new cluster of this node alone, which begins at the next start.
 * Throws `StateError`.
 */
export function prepareRenewal(
  dataDirectory: string,
  self: NodeId,
  { predecessors, apiKeys }: RenewalOptions,
): void {
  const at = files(dataDirectory);
  const sealed = apiKeys === null ? [] : [sealWith(at.sealingKey, apiKeys)];
  renewState(at.state, {
    ownPrefix: systemPrefix,
    records: (old) => [
      { key: predecessorsKey, value: encodePredecessors(predecessors) },
      ...sealed,
      ...vouchersToKeep(old),
    ],
    configuration: { voters: [self], outgoing: [], learners: [] },
    worthless: apiKeys === null ? encryptedMarker : null,
  });
  syncDirectory(at.directory);
  writeFileDurably(
    at.ready,
    'The next start of the agent begins a new cluster with the state beside this file.\n',
  );
}

export interface RenewalOptions {
  /** The ids of clusters that the new one takes the place of. */
  readonly predecessors: readonly string[];
  /** The new cluster goes on with them. Null: it makes its own, and what is encrypted in the state goes. */
  readonly apiKeys: ApiKeys | null;
}

/** This machine will vote, and has the sealing key in a file then as well. */
function sealWith(file: string, apiKeys: ApiKeys) {
  const key = createSealingKey();
  writeFileDurably(file, `${key.toString('hex')}\n`);
  return { key: apiKeysKey, value: sealText(JSON.stringify(apiKeys), key) };
}

/** How many values of a state at `beginRenewal`'s place are encrypted. Throws `StateError`. */
export function countEncrypted(dataDirectory: string): number {
  return countValues(files(dataDirectory).state, encryptedMarker);
}

/**
 * Everything this node's log and state hold as one state file: also entries that it does not know to be committed,
 * because they may have been confirmed to somebody. The replica must be closed.
 */
export async function copyOwnState(dataDirectory: string): Promise<void> {
  const paths = storagePaths(dataDirectory);
  const log = await openLogStorage({ directory: paths.log, surroundings: realSurroundings });
  const machine = openStateMachine(paths.state);
  try {
    const { damaged, entries } = log.recovered;
    if (damaged !== null)
      throw new Error(`The consensus log is damaged: ${damaged}. Recover from another node.`);
    machine.apply(entries, decodeConfiguration);
  } finally {
    machine.close();
    await log.close();
  }
  const source = openForReading(paths.state);
  try {
    source.prepare('VACUUM INTO ?').run(beginRenewal(dataDirectory));
  } finally {
    source.close();
  }
}

/** At start: begins the new cluster if one is due, and returns its membership; else null. `voucher` is this machine's. */
export async function completeRenewal(
  dataDirectory: string,
  clusterName: string,
  identity: Identity,
  voucher: Voucher | null,
  certificates: CertificateThread,
): Promise<Membership | null> {
  const at = files(dataDirectory);
  if (!existsSync(at.ready)) {
    rmSync(at.directory, { recursive: true, force: true });
    return null;
  }
  if (existsSync(at.state)) {
    setAside(dataDirectory, 'replaced');
    renameSync(at.state, storagePaths(dataDirectory).state);
    syncDirectory(at.directory);
    syncDirectory(dataDirectory);
  }
  const founded = await foundCluster(clusterName, identity, voucher, certificates);
  const sealingKey = readSealingKey(at.sealingKey);
  const membership = sealingKey === null ? founded : { ...founded, newSealingKey: sealingKey };
  saveMembership(dataDirectory, clusterName, membership);
  rmSync(at.directory, { recursive: true, force: true });
  syncDirectory(dataDirectory);
  return membership;
}

/** The embedded store of a cluster of one, with real files, for tests: everything but the network. */
import { mkdirSync } from 'node:fs';
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { Test } from 'tap';
import { createLog } from '../../logging/log.ts';
import type { NodeId } from '../../raft/types.ts';
import { realSurroundings } from '../clock.ts';
import { RemoteCore, serveCore } from '../core-port.ts';
import { EmbeddedStore } from '../embedded-store.ts';
import { Replica } from '../replica.ts';
import { ReplicatedCore } from '../replicated-core.ts';
import { StateFiles, storagePaths } from '../state-files.ts';
import { runStorageThread, StorageThread } from '../storage-thread.ts';

export interface SoloStore {
  readonly store: EmbeddedStore;
  readonly core: ReplicatedCore;
  readonly replica: Replica;
  close(): Promise<void>;
}

export interface SoloOptions {
  readonly spaceLimitBytes?: number;
  readonly keepRevisions?: number;
  /** Through a message port, as on the agent's main thread. */
  readonly overPort?: boolean;
  /** After so many entries it makes a snapshot, which a test that ends meanwhile does not wait for. Default 100. */
  readonly compactEvery?: number;
  /** The directory holds the data of an earlier run. */
  readonly again?: boolean;
}

const id = '00000000000000aa' as NodeId;

/** Opens a store in a directory; it is closed when the test ends. */
export async function openSoloStore(
  t: Test,
  directory: string,
  options: SoloOptions = {},
): Promise<SoloStore> {
  const paths = storagePaths(directory);
  mkdirSync(paths.snapshots, { recursive: true });
  let core: ReplicatedCore | null = null;
  const replica = await Replica.open({
    id,
    surroundings: realSurroundings,
    logStorage: { directory: paths.log },
    state: new StateFiles(paths, storageThreadOnThisOne(t)),
    founder: options.again !== true,
    ...{ heartbeatMilliseconds: 50, electionMilliseconds: 200, keepEntries: 100 },
    compactEvery: options.compactEvery ?? 100,
    log: createLog(() => {}),
    send: () => {},
    shipSnapshot: async () => {},
    onApplied: () => core?.stateChanged(),
    onFatal: (message) => t.fail(message),
  });
  const network = {
    leader: () => replica.status().leader,
    request: async () => Promise.reject(new Error('there is nobody else')),
    explainUnavailable: () => 'no leader',
    clusterId: () => '00000000000000cc',
    members: () => [{ id, name: 'solo', address: '127.0.0.1:7443', learner: false }],
  };
  const { spaceLimitBytes = 2 ** 31, keepRevisions = 1_000_000 } = options;
  const built = new ReplicatedCore(replica, network, {
    ...realSurroundings,
    ...{ version: '0.0.0', spaceLimitBytes, keepRevisions, log: () => {} },
  });
  core = built;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    built.close();
    await replica.close();
  };
  t.teardown(close);
  const store = new EmbeddedStore(options.overPort ? throughPort(t, built) : built, realSurroundings.random);
  return { store, core: built, replica, close };
}

function throughPort(t: Test, core: ReplicatedCore): RemoteCore {
  const { port1, port2 } = new MessageChannel();
  serveCore(port2, () => core);
  t.teardown(() => port1.close());
  return new RemoteCore(port1);
}

function storageThreadOnThisOne(t: Test): StorageThread {
  const { port1, port2 } = new MessageChannel();
  runStorageThread(port2);
  t.teardown(() => port1.close());
  const worker = Object.assign(port1, { terminate: async () => 0 }) as unknown as Worker;
  return new StorageThread(() => worker);
}

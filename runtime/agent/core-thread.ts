/** The entry of the agent's worker threads: the core, or the slow work on the datastore's files beside it. */
import { parentPort, workerData } from 'node:worker_threads';
import { runStorageThread } from '../datastore/storage-thread.ts';
import { runCore } from './core.ts';
import { settleAfterStart } from './settle.ts';
import { preferThisThread } from './thread-priority.ts';

if (parentPort === null) throw new Error('core-thread.ts runs only as a worker thread');

if (workerData.role === 'storage') runStorageThread(parentPort);
else {
  preferThisThread();
  runCore(parentPort, workerData.config, workerData.storePort);
  void settleAfterStart();
}

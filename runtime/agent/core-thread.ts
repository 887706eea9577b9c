/** The entry of the agent's worker threads: the core, or slow work beside it: on the datastore's files, and certificates. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCertificateThread } from '../cluster/certificate-thread.ts';
import { runStorageThread } from '../datastore/storage-thread.ts';
import { runCore } from './core.ts';
import { settleAfterStart } from './settle.ts';
import { preferOthers, preferThisThread } from './thread-priority.ts';

if (parentPort === null) throw new Error('core-thread.ts runs only as a worker thread');

if (workerData.role === 'storage') runStorageThread(parentPort);
else if (workerData.role === 'certificates') {
  preferOthers();
  runCertificateThread(parentPort);
} else {
  preferThisThread();
  runCore(parentPort, workerData.config, workerData.storePort);
  void settleAfterStart();
}

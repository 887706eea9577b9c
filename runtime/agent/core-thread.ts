/**
 * The entry of the agent's worker threads: the core, or slow work beside it: on the datastore's files, and certificates. Each
 * loads what it needs and no more: the core is most of the agent.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { preferOthers, preferThisThread } from './thread-priority.ts';

if (parentPort === null) throw new Error('core-thread.ts runs only as a worker thread');

const roles: Readonly<Record<string, (port: MessagePort) => Promise<void>>> = {
  storage: async (port) => {
    const { runStorageThread } = await import('../datastore/storage-thread.ts');
    runStorageThread(port);
  },
  certificates: async (port) => {
    preferOthers();
    const { runCertificateThread } = await import('../cluster/certificate-thread.ts');
    runCertificateThread(port);
  },
  core: async (port) => {
    preferThisThread();
    const { runCore } = await import('./core.ts');
    runCore(port, workerData.config, workerData.storePort);
    const { settleAfterStart } = await import('./settle.ts');
    void settleAfterStart();
  },
};

void roles[workerData.role]?.(parentPort);

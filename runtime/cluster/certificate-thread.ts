/**
 * Keys and certificates are made on a thread of their own: it takes a small machine longer than the core thread may be silent.
 * Private keys go to it and come from it by structured clone: a key is copied within the process, and never leaves it.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { JobThread } from '../threads/job-thread.ts';
import { runJobs } from '../threads/jobs.ts';
import type * as certificates from './certificates.ts';

/** Makes what `certificates.ts` makes, elsewhere: its functions by name. */
export type CertificateThread = JobThread<typeof certificates>;

/** Machines are admitted one soon after the other; an idle node must not keep the library's memory. */
const restMilliseconds = 20_000;

/** The worker's side. */
export function runCertificateThread(port: MessagePort): void {
  runJobs(port, () => import('./certificates.ts'));
}

/** @param start starts a thread that calls `runCertificateThread`. */
export function certificateThread(start: () => Worker): CertificateThread {
  return new JobThread({ title: 'the thread that makes certificates', start, restMilliseconds });
}

/** Whether somebody does a part of the cluster's work: whoever does holds a lease, and renews it. */
import type { ApiObject } from '../objects/object-bytes.ts';
import { numberAt, stringAt } from '../objects/read-path.ts';

export interface LeaseCheckOptions {
  /** Null where there is none. */
  readonly read: () => Promise<ApiObject | null>;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Of the lease, and of who would hold it, for the sentence that says that nobody does. */
  readonly name: string;
  readonly work: string;
}

const lookMilliseconds = 250;

/**
 * Clocks of nodes differ: a lease counts as held when it is renewed while this looks on, within its time.
 * @throws Error that says what is wrong
 */
export async function checkLease({ read, nowMs, wait, name, work }: LeaseCheckOptions): Promise<void> {
  const first = await read();
  const holder = stringAt(first, 'spec', 'holderIdentity');
  if (first === null || holder === '') {
    throw new Error(`nobody holds the lease kube-system/${name}: ${work} does not run in this cluster`);
  }
  const longestMs = numberAt(first, 'spec', 'leaseDurationSeconds') * 1000;
  const beganMs = nowMs();
  while (nowMs() - beganMs < longestMs) {
    await wait(lookMilliseconds);
    const next = await read();
    if (next?.metadata.resourceVersion !== first.metadata.resourceVersion) {
      if (stringAt(next, 'spec', 'holderIdentity') !== '') return;
    }
  }
  throw new Error(`the lease kube-system/${name} of ${holder} is not renewed`);
}

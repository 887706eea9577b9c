/** Jobs that are to go some time after they have finished. (pkg/controller/ttlafterfinished) */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt } from '../../apiserver/objects/read-path.ts';
import type { Job } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import { keyOf, placeIn, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';

/** Milliseconds until it may go, not less than 0; null: not at all, or not for that reason. */
export function jobEndsIn(job: ApiObject | null, nowMs: number): number | null {
  if (job === null || isSet(job.metadata, 'deletionTimestamp')) return null;
  const { ttlSecondsAfterFinished: seconds } = (job as unknown as Job).spec ?? {};
  const conditions = listAt(job, 'status', 'conditions') as NonNullable<
    NonNullable<Job['status']>['conditions']
  >;
  const end = conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  if (typeof seconds !== 'number' || end === undefined) return null;
  const finishedMs = Date.parse(end.lastTransitionTime ?? '');
  return Number.isNaN(finishedMs) ? null : Math.max(0, finishedMs + seconds * 1000 - nowMs);
}

/** As it was seen: somebody may have given it more time since. */
export function planJobEnd(job: ApiObject | null, nowMs: number): readonly Write[] {
  if (job === null || jobEndsIn(job, nowMs) !== 0) return [];
  const { uid = '', resourceVersion = '' } = job.metadata;
  const options = { uid, resourceVersion, propagation: 'Foreground' } as const;
  return [{ kind: 'remove', place: placeIn(resources.jobs, job.metadata), options }];
}

export function runFinishedJobs(context: ControllerContext): void {
  const { clock, informers } = context;
  const client = context.clientOf('ttl-after-finished-controller');
  const jobs = informers.of(resources.jobs);
  runController<ApiObject | null, Write>(
    {
      name: 'finished jobs',
      sources: [{ informer: jobs, keysOf: (job) => [keyOf(job)] }],
      observe: (key) => jobs.lister.byKey(key),
      plan: (job) => planJobEnd(job, clock.wallNow()),
      act: (write) => perform(client, write),
      againAfter: (job) => jobEndsIn(job, clock.wallNow()) || null,
    },
    context,
  );
}

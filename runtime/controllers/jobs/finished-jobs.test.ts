import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { jobEndsIn, planJobEnd } from './finished-jobs.ts';

const finishedMs = Date.parse('2026-01-01T00:00:00Z');

function job(seconds: number | null, type: string, status = 'True'): ApiObject {
  return {
    ...{
      kind: 'Job',
      apiVersion: 'batch/v1',
      metadata: { name: 'j', namespace: 'd', uid: 'u', resourceVersion: '3' },
    },
    spec: seconds === null ? {} : { ttlSecondsAfterFinished: seconds },
    status: { conditions: [{ type, status, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  };
}

t.test('planJobEnd takes a job away when its time is over, whether it succeeded or failed', async (t) => {
  for (const type of ['Complete', 'Failed']) {
    t.equal(jobEndsIn(job(10, type), finishedMs + 4000), 6000);
    t.same(planJobEnd(job(10, type), finishedMs + 9999), []);
    t.match(planJobEnd(job(10, type), finishedMs + 10_000), [
      { kind: 'remove', options: { uid: 'u', resourceVersion: '3', propagation: 'Foreground' } },
    ]);
  }
  t.match(planJobEnd(job(0, 'Complete'), finishedMs), [{ kind: 'remove' }]);
});

t.test('planJobEnd leaves a job that goes on, or that is to stay', async (t) => {
  const late = finishedMs + 1e9;
  t.same(planJobEnd(job(10, 'Suspended'), late), []);
  t.same(planJobEnd(job(10, 'Complete', 'False'), late), []);
  t.same(planJobEnd(job(null, 'Complete'), late), []);
  t.same(planJobEnd(null, late), []);
  t.equal(jobEndsIn(job(null, 'Complete'), late), null);
});

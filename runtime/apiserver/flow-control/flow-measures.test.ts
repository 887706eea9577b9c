import t from 'tap';
import { measureFlows } from '../metrics/flow-measures.ts';
import { openFlowControl } from './flow-control.ts';

t.test('flow control says who waits, who runs and who is refused', async (t) => {
  const { meter, measures } = measureFlows();
  const control = openFlowControl({
    ...{ totalSeats: 1, longestWaitMs: 1, nowMs: () => 0, meter },
    // The wait is over at once.
    after: (_, run) => {
      setImmediate(run);
      return () => {};
    },
  });
  const someone = { name: 'me', uid: '', groups: ['system:authenticated'], extra: {} };
  const info = { kind: 'nonResource', verb: 'get', path: '/version' } as const;
  const { signal } = new AbortController();
  const admitted: Awaited<ReturnType<typeof control.enter>>[] = [];
  for (let tries = 0; tries < 100; tries += 1) {
    const ticket = await control.enter(someone, info, 1, signal);
    if (!ticket.isAdmitted) break;
    admitted.push(ticket);
  }
  const count = admitted.length;
  t.ok(count > 0 && count < 100);
  const read = async (name: string) =>
    (await measures.find((one) => one.name === `apiserver_flowcontrol_${name}`)?.read())?.filter(
      ({ value }) => value !== 0,
    );
  const flow = { flow_schema: 'global-default', priority_level: 'global-default' };
  t.same(await read('current_executing_requests'), [{ labels: flow, value: count }]);
  t.same(await read('rejected_requests_total'), [{ labels: { ...flow, reason: 'time-out' }, value: 1 }]);
  for (const { release } of [...admitted, ...admitted]) release();
  t.same(await read('current_executing_requests'), []);
  t.same(await read('current_inqueue_requests'), []);
  t.same(await read('dispatched_requests_total'), [{ labels: flow, value: count }]);
});

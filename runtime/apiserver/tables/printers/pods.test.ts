import t from 'tap';
import { pods } from './pods.ts';

const now = Date.UTC(2026, 0, 1, 1);
const created = '2026-01-01T00:00:00Z';
const running = { state: { running: {} }, ready: true };

/** Ready, status and restarts of a pod of containers a and b. */
function shows(status: object, spec: object = {}, metadata: object = {}): readonly unknown[] {
  const pod = {
    metadata: { name: 'web', creationTimestamp: created, ...metadata },
    spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec },
    status,
  };
  return pods.cells(pod, now).slice(1, 4);
}

function terminated(fields: object): object {
  return { state: { terminated: fields } };
}

t.test('a pod shows what its containers do', async (t) => {
  const phase = 'Running';
  for (const [name, containerStatuses, expected] of [
    ['all run', [running, running], ['2/2', 'Running', '0']],
    [
      'one waits',
      [running, { state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 3 }],
      [...['1/2', 'CrashLoopBackOff', '3']],
    ],
    ['one failed', [terminated({ exitCode: 2 }), running], ['1/2', 'ExitCode:2', '0']],
    ['one was killed', [terminated({ signal: 9 }), running], ['1/2', 'Signal:9', '0']],
    [
      'the first one has the word',
      [terminated({ reason: 'Error' }), terminated({ reason: 'OOMKilled' })],
      [...['0/2', 'Error', '0']],
    ],
    [
      'one is done, the pod is not ready',
      [terminated({ reason: 'Completed' }), running],
      [...['1/2', 'NotReady', '0']],
    ],
    ['it is not ready', [{ state: { running: {} }, ready: false }, running], ['1/2', 'Running', '0']],
  ] as const) {
    t.same(shows({ phase, containerStatuses }), expected, name);
  }
  const conditions = [{ type: 'Ready', status: 'True' }];
  const done = [terminated({ reason: 'Completed' }), running];
  t.same(shows({ phase, conditions, containerStatuses: done }), ['1/2', 'Running', '0']);
  t.same(shows({ phase: 'Succeeded', containerStatuses: [terminated({ reason: 'Completed' })] }), [
    ...['0/2', 'Completed', '0'],
  ]);
});

t.test('a pod shows when a container restarted last', async (t) => {
  const restarted = (restartCount: number, finishedAt: string): object => ({
    ...running,
    restartCount,
    lastState: { terminated: { finishedAt } },
  });
  const containerStatuses = [restarted(1, '2026-01-01T00:55:00Z'), restarted(2, '2026-01-01T00:40:00Z')];
  t.same(shows({ phase: 'Running', containerStatuses }), ['2/2', 'Running', '3 (5m ago)']);
});

t.test('a pod shows how far its init containers are', async (t) => {
  const initContainers = [{ name: 'i1' }, { name: 'i2' }];
  const ended = { name: 'i1', ...terminated({ exitCode: 0 }) };
  for (const [second, expected] of [
    [{ name: 'i2', state: { running: {} } }, 'Init:1/2'],
    [{ name: 'i2', state: { waiting: { reason: 'PodInitializing' } } }, 'Init:1/2'],
    [{ name: 'i2', state: { waiting: { reason: 'ErrImagePull' } } }, 'Init:ErrImagePull'],
    [{ name: 'i2', ...terminated({ exitCode: 1, reason: 'Error' }) }, 'Init:Error'],
    [{ name: 'i2', ...terminated({ exitCode: 7 }) }, 'Init:ExitCode:7'],
  ] as const) {
    const status = { phase: 'Pending', initContainerStatuses: [ended, second] };
    t.same(shows(status, { initContainers }), ['0/2', expected, '0']);
  }
});

t.test('a sidecar counts as a container, and its restarts after the start too', async (t) => {
  const initContainers = [{ name: 'once' }, { name: 'side', restartPolicy: 'Always' }];
  const status = {
    phase: 'Running',
    initContainerStatuses: [
      { name: 'once', restartCount: 5, ...terminated({ exitCode: 0 }) },
      { name: 'side', restartCount: 1, started: true, ready: true, state: { running: {} } },
    ],
    containerStatuses: [running, { ...running, restartCount: 2 }],
  };
  t.same(shows(status, { initContainers }), ['3/3', 'Running', '3']);
});

t.test('a pod shows that it is waiting, evicted or being deleted', async (t) => {
  const deletionTimestamp = created;
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
  t.same(shows({ phase: 'Pending', conditions })[1], 'SchedulingGated');
  t.same(shows({ phase: 'Failed', reason: 'Evicted' })[1], 'Evicted');
  t.same(shows({ phase: 'Running' }, {}, { deletionTimestamp })[1], 'Terminating');
  t.same(shows({ phase: 'Succeeded' }, {}, { deletionTimestamp })[1], 'Succeeded');
  t.same(shows({ phase: 'Running', reason: 'NodeLost' }, {}, { deletionTimestamp })[1], 'Unknown');
});

t.test('a wide row has addresses, nodes and readiness gates', async (t) => {
  const wide = (pod: object): readonly unknown[] => pods.cells(pod, now).slice(4);
  t.same(wide({}), ['<unknown>', '<none>', '<none>', '<none>', '<none>']);
  const pod = {
    metadata: { creationTimestamp: created },
    spec: { nodeName: 'n1', readinessGates: [{ conditionType: 'x' }, { conditionType: 'y' }] },
    status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'y', status: 'True' }] },
  };
  t.same(wide(pod), ['60m', '10.0.0.1', 'n1', '<none>', '1/2']);
});

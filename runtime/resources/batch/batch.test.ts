import fc from 'fast-check';
import t from 'tap';
import { made, patched, saidOfChange, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { cronJob, job } from '../testing/workloads.ts';
import { cronJobs } from './cron-jobs.ts';
import { checkSchedule } from './cron-schedule.ts';
import { commonIndex, countIndexes } from './index-intervals.ts';
import { jobs } from './jobs.ts';
import { checkTimeZone } from './time-zone.ts';

const labels = {
  ...{ 'batch.kubernetes.io/controller-uid': 'u', 'batch.kubernetes.io/job-name': 'j' },
  ...{ 'controller-uid': 'u', 'job-name': 'j' },
};

t.test('a job gets a selector, and numbers', async (t) => {
  const { metadata, spec } = made(jobs, job) as unknown as {
    metadata: { labels: object };
    spec: Record<string, unknown>;
  };
  t.same(metadata.labels, labels, 'of its template, as the real server gives them');
  t.match(spec, {
    ...{ completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false },
    ...{ manualSelector: false, podReplacementPolicy: 'TerminatingOrFailed' },
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
    template: { metadata: { labels } },
  });
  const limited = made(
    jobs,
    patched(job, { spec: { completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 1 } }),
  );
  t.match(limited.spec, { backoffLimit: 2147483647, parallelism: 1, completions: 3 });
  const parallel = made(jobs, patched(job, { spec: { parallelism: 2 } })).spec as object;
  t.notOk('completions' in parallel, 'as many as it takes');
});

t.test('a job that selects itself is left alone', async (t) => {
  const selector = { matchLabels: { a: 'b' } };
  const own = patched(job, {
    spec: { manualSelector: true, selector, template: { metadata: { labels: { a: 'b' } } } },
  });
  t.same(saidOfNew(jobs, own), []);
  t.same((made(jobs, own).spec as { selector: object }).selector, selector);
});

const cases: readonly (readonly [spec: object, ...said: readonly string[]])[] = [
  [{}],
  [{ parallelism: -1 }, 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
  [
    { template: { spec: { restartPolicy: 'Always' } } },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    { completionMode: 'Some' },
    'spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"',
  ],
  [
    { completionMode: 'Indexed', parallelism: 100001 },
    'spec.completions: Required value: when completion mode is Indexed',
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ],
  [
    { maxFailedIndexes: 1 },
    'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
  ],
  [
    { managedBy: 'me' },
    'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  [
    { podFailurePolicy: { rules: [{ action: 'Ignore' }] }, podReplacementPolicy: 'TerminatingOrFailed' },
    'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
  [
    {
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { operator: 'In', values: [3, 0, 3], containerName: 'x' } },
        ],
      },
    },
    'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
    'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: []int32{3, 0, 3}: must be ordered',
  ],
  [
    { podFailurePolicy: { rules: [{ action: '', onPodConditions: [{ type: 'A' }] }] } },
    'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
  ],
  [
    { successPolicy: { rules: [{ succeededIndexes: '1' }] } },
    'spec.successPolicy: Invalid value: {"rules":[{"succeededIndexes":"1"}]}: requires indexed completion mode',
  ],
  [
    {
      completionMode: 'Indexed',
      completions: 3,
      successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 3 }, {}] },
    },
    'spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
    'spec.successPolicy.rules[1]: Required value: at least one of succeededCount or succeededIndexes must be specified',
  ],
  [
    { template: { metadata: { labels: { 'job-name': 'x' } } } },
    'spec.template.metadata.labels[job-name]: Invalid value: map[string]string{"batch.kubernetes.io/controller-uid":"u", "batch.kubernetes.io/job-name":"j", "controller-uid":"u", "job-name":"x"}: must be \'j\'',
  ],
];

for (const [spec, ...said] of cases) {
  t.test(`a job with ${JSON.stringify(spec)}`, async (t) => {
    t.same(saidOfNew(jobs, patched(job, { spec })), said);
  });
}

t.test('a job stays what it is', async (t) => {
  t.same(saidOfChange(jobs, job, { spec: { parallelism: 5, suspend: true } }), []);
  t.same(saidOfChange(jobs, job, { spec: { completions: 5 } }), [
    'spec.completions: Invalid value: 5: field is immutable',
  ]);
  const image = { spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } } };
  t.match(saidOfChange(jobs, job, image), [/^spec\.template: Invalid value: .*: field is immutable$/s]);
  const indexed = patched(job, { spec: { completionMode: 'Indexed', completions: 2, parallelism: 2 } });
  t.same(saidOfChange(jobs, indexed, { spec: { completions: 3, parallelism: 3 } }), []);
  t.same(saidOfChange(jobs, indexed, { spec: { completions: 3 } }), [
    'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ]);
});

t.test('a job that waits can be sent elsewhere', async (t) => {
  const place = { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } };
  t.same(saidOfChange(jobs, patched(job, { spec: { suspend: true } }), place), []);
  t.match(saidOfChange(jobs, job, place), [/^spec\.template: .*field is immutable$/s]);
});

const condition = (type: string) => ({ type, status: 'True' });
const [start, end] = ['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z'];
const finished = {
  ...{ startTime: start, completionTime: end, succeeded: 1 },
  conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
};
const statuses: readonly (readonly [before: object, after: object, ...said: readonly string[]])[] = [
  [{}, finished],
  [
    { startTime: start },
    { startTime: start, completionTime: end },
    'status.completionTime: Invalid value: 2026-01-01 00:00:02 +0000 UTC: cannot set completionTime when there is no Complete=True condition',
  ],
  [
    {},
    { ...finished, active: 1, ready: 2 },
    'status.active: Invalid value: 1: active>0 is invalid for finished job',
    'status.ready: Invalid value: 2: cannot set more ready pods than active',
  ],
  [
    finished,
    { ...finished, conditions: [condition('SuccessCriteriaMet')] },
    'status.completionTime: Invalid value: 2026-01-01 00:00:02 +0000 UTC: cannot set completionTime when there is no Complete=True condition',
    'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
  ],
  [{ failed: 2 }, { failed: 1 }, 'status.failed: Invalid value: 1: cannot decrease the failed counter'],
  [
    {},
    { completedIndexes: '0', failedIndexes: '0' },
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    'status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    'status.failedIndexes: Invalid value: "0": failedIndexes and completedIndexes overlap at index: 0',
  ],
];

for (const [before, after, ...said] of statuses) {
  t.test(`from ${JSON.stringify(before)} to ${JSON.stringify(after)}`, async (t) => {
    t.same(saidOfStatus(jobs, job, before, after), said);
  });
}

t.test('indexes are counted', async (t) => {
  t.equal(countIndexes('0,2-4,7', 8), 5);
  t.equal(countIndexes('', 8), 0);
  t.equal(countIndexes('1,0', 8), 'non-increasing order, previous: 1, current: 0');
  t.equal(countIndexes('8', 8), 'too large index: "8"');
  t.equal(countIndexes('a', 8), 'cannot convert string to integer for index: "a"');
  t.match(countIndexes('1-2-3', 8), /at most two parts/);
  t.equal(commonIndex('0-3', '3-5', 8), 3);
  t.equal(commonIndex('0-2,x', '3-5', 8), null);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50)), (indexes) => {
      const text = indexes.toSorted((a, b) => a - b).join(',');
      return (
        countIndexes(text, 51) === indexes.length &&
        (indexes.length === 0 || commonIndex(text, text, 51) !== null)
      );
    }),
  );
});

t.test('schedules are read as the real parser does', async (t) => {
  for (const good of [
    '* * * * *',
    '0 9-17/2 1,15 JAN-mar MON-FRI',
    '@daily',
    '@every 1h30m',
    '? * 3/4 * 0',
  ]) {
    t.equal(checkSchedule(good), null, good);
  }
  const bad: readonly (readonly [string, string])[] = [
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['@sometimes', 'unrecognized descriptor: @sometimes'],
  ];
  for (const [schedule, why] of bad) t.equal(checkSchedule(schedule), why);
});

t.test('time zones are those of IANA', async (t) => {
  for (const good of ['Europe/Berlin', 'UTC', 'Etc/GMT+5']) t.same(checkTimeZone(good), [], good);
  t.same(checkTimeZone('Mars/Base'), ['unknown time zone Mars/Base']);
  t.same(checkTimeZone('../etc'), ['unknown time zone ../etc']);
  t.same(checkTimeZone('europe/berlin'), ['unknown time zone europe/berlin']);
  t.same(checkTimeZone(''), ['timeZone must be nil or non-empty string']);
});

t.test('cron jobs', async (t) => {
  t.match(made(cronJobs, cronJob).spec, {
    ...{
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    },
  });
  t.same(saidOfNew(cronJobs, cronJob), []);
  const zone = patched(cronJob, {
    spec: { schedule: 'TZ=UTC 0 * * * *', timeZone: 'No/Where', concurrencyPolicy: 'X' },
  });
  t.same(saidOfNew(cronJobs, zone), [
    'spec.concurrencyPolicy: Unsupported value: "X": supported values: "Allow", "Forbid", "Replace"',
    'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    'spec.timeZone: Invalid value: "No/Where": unknown time zone No/Where',
  ]);
  const name = 'a'.repeat(53);
  t.same(saidOfNew(cronJobs, patched(cronJob, { metadata: { name } })), [
    `metadata.name: Invalid value: "${name}": must be no more than 52 characters`,
  ]);
  const selector = { matchLabels: { a: 'b' } };
  const own = patched(cronJob, { spec: { jobTemplate: { spec: { selector, manualSelector: true } } } });
  t.same(saidOfNew(cronJobs, own), [
    'spec.jobTemplate.spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: `selector` will be auto-generated',
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ]);
});

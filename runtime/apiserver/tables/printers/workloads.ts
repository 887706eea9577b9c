/** What makes pods: apps, batch, replication controllers, pod templates, autoscalers. Pure. */
import { booleanAt, isSet, listAt, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import {
  containerColumns,
  formatLabels,
  formatSelector,
  hasCondition,
  isDeleted,
  selectorColumn,
} from '../format.ts';
import { ageOf, humanDuration, parseTimestamp } from '../human-duration.ts';
import { age, type Column, column, name, printer, text, wide } from '../printer.ts';

const templateColumns = containerColumns('spec', 'template', 'spec');

function count(title: string, ...path: readonly string[]): Column {
  return column(title, (object) => numberAt(object, ...path), { type: 'integer' });
}

function readyOf(object: unknown): string {
  return `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`;
}

export const deployments = printer([
  name,
  column('Ready', readyOf, { description: 'Number of the pod with ready state' }),
  column('Up-to-date', (object) => numberAt(object, 'status', 'updatedReplicas')),
  column('Available', (object) => numberAt(object, 'status', 'availableReplicas')),
  age,
  ...templateColumns,
  wide('Selector', (object) => formatSelector(objectAt(object, 'spec', 'selector'))),
]);

const replicaColumns = [
  count('Desired', 'spec', 'replicas'),
  count('Current', 'status', 'replicas'),
  count('Ready', 'status', 'readyReplicas'),
];

export const replicaSets = printer([
  ...[name, ...replicaColumns, age, ...templateColumns],
  selectorColumn('spec', 'selector'),
]);

export const replicationControllers = printer([
  ...[name, ...replicaColumns, age, ...templateColumns],
  wide('Selector', (object) => formatLabels(objectAt(object, 'spec', 'selector'))),
]);

export const statefulSets = printer([
  name,
  column('Ready', readyOf, { description: 'Number of the pod with ready state' }),
  age,
  ...templateColumns,
]);

export const daemonSets = printer([
  name,
  count('Desired', 'status', 'desiredNumberScheduled'),
  count('Current', 'status', 'currentNumberScheduled'),
  count('Ready', 'status', 'numberReady'),
  count('Up-to-date', 'status', 'updatedNumberScheduled'),
  count('Available', 'status', 'numberAvailable'),
  column('Node Selector', (object) =>
    formatLabels(objectAt(object, 'spec', 'template', 'spec', 'nodeSelector')),
  ),
  age,
  ...templateColumns,
  selectorColumn('spec', 'selector'),
]);

export const controllerRevisions = printer([
  name,
  column('Controller', (object) => {
    const owner = listAt(object, 'metadata', 'ownerReferences').find(
      (reference) => booleanAt(reference, 'controller') === true,
    );
    if (owner === undefined) return '<none>';
    const [group, version] = stringAt(owner, 'apiVersion').split('/');
    const kind = stringAt(owner, 'kind') + (version === undefined ? '' : `.${group}`);
    return `${kind.toLowerCase()}/${stringAt(owner, 'name')}`;
  }),
  column('Revision', (object) => numberAt(object, 'revision')),
  age,
]);

const [templateNames, templateImages] = containerColumns('template', 'spec');

export const podTemplates = printer([
  name,
  ...[templateNames, templateImages].map(({ definition, cell }) =>
    column(definition.name, cell, { description: definition.description }),
  ),
  column('Pod Labels', (object) => formatLabels(objectAt(object, 'template', 'metadata', 'labels')), {
    description: 'The labels for the pod template.',
  }),
]);

export const jobs = printer([
  name,
  column('Status', jobStatus, { description: 'Status of the job.' }),
  column('Completions', jobCompletions),
  column('Duration', jobDuration, { description: 'Time required to complete the job.' }),
  age,
  ...templateColumns,
  selectorColumn('spec', 'selector'),
]);

export const cronJobs = printer([
  name,
  text('Schedule', 'spec.schedule'),
  column('Timezone', (object) => stringAt(object, 'spec', 'timeZone') || '<none>'),
  column(
    'Suspend',
    (object) => {
      const suspend = booleanAt(object, 'spec', 'suspend');
      return suspend === null ? '<unset>' : suspend ? 'True' : 'False';
    },
    { type: 'boolean' },
  ),
  column('Active', (object) => listAt(object, 'status', 'active').length, { type: 'integer' }),
  column('Last Schedule', (object, nowMs) =>
    isSet(object, 'status', 'lastScheduleTime')
      ? ageOf(stringAt(object, 'status', 'lastScheduleTime'), nowMs)
      : '<none>',
  ),
  age,
  ...containerColumns('spec', 'jobTemplate', 'spec', 'template', 'spec'),
  selectorColumn('spec', 'jobTemplate', 'spec', 'selector'),
]);

function jobStatus(job: unknown): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (isDeleted(job)) return 'Terminating';
  const others = ['Suspended', 'FailureTarget'];
  return others.find((type) => hasCondition(job, type)) ?? 'Running';
}

function jobCompletions(job: unknown): string {
  const succeeded = numberAt(job, 'status', 'succeeded');
  if (isSet(job, 'spec', 'completions')) return `${succeeded}/${numberAt(job, 'spec', 'completions')}`;
  const parallelism = numberAt(job, 'spec', 'parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: unknown, nowMs: number): string {
  const start = parseTimestamp(stringAt(job, 'status', 'startTime'));
  if (start === null) return '';
  return humanDuration((parseTimestamp(stringAt(job, 'status', 'completionTime')) ?? nowMs) - start);
}

/** Pods. (printPod) Pure. */
import { listAt, stringAt } from '../../objects/read-path.ts';
import { hasCondition } from '../format.ts';
import { humanDuration } from '../human-duration.ts';
import { age, type Cell, creationAge, defineColumn, name, nameOf, type Printer } from '../printer.ts';
import { summarizePod } from './pod-status.ts';

const wide = { priority: 1 };

export const pods: Printer = {
  columns: [
    name.definition,
    defineColumn('Ready', {
      description: 'The aggregate readiness state of this pod for accepting traffic.',
    }),
    defineColumn('Status', { description: 'The aggregate status of the containers in this pod.' }),
    defineColumn('Restarts', {
      description:
        'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    }),
    age.definition,
    ...['IP', 'Node', 'Nominated Node', 'Readiness Gates'].map((title) => defineColumn(title, wide)),
  ],
  cells: podCells,
  conditions: (pod) => {
    switch (stringAt(pod, 'status', 'phase')) {
      case 'Succeeded':
        return [{ ...completed, reason: 'Succeeded', message: 'The pod has completed successfully.' }];
      case 'Failed':
        return [{ ...completed, reason: 'Failed', message: 'The pod failed.' }];
      default:
        return [];
    }
  },
};

const completed = { type: 'Completed', status: 'True' } as const;

function podCells(pod: unknown, nowMs: number): readonly Cell[] {
  const summary = summarizePod(pod);
  const [firstIp] = listAt(pod, 'status', 'podIPs');
  return [
    nameOf(pod),
    `${summary.readyContainers}/${summary.totalContainers}`,
    summary.reason,
    formatRestarts(summary.restarts, summary.lastRestartMs, nowMs),
    creationAge(pod, nowMs),
    stringAt(firstIp, 'ip') || stringAt(pod, 'status', 'podIP') || '<none>',
    stringAt(pod, 'spec', 'nodeName') || '<none>',
    stringAt(pod, 'status', 'nominatedNodeName') || '<none>',
    formatGates(pod),
  ];
}

function formatRestarts(restarts: number, lastMs: number | null, nowMs: number): string {
  const isDated = restarts !== 0 && lastMs !== null;
  return isDated ? `${restarts} (${humanDuration(nowMs - lastMs)} ago)` : String(restarts);
}

function formatGates(pod: unknown): string {
  const gates = listAt(pod, 'spec', 'readinessGates').map((gate) => stringAt(gate, 'conditionType'));
  if (gates.length === 0) return '<none>';
  return `${gates.filter((gate) => hasCondition(pod, gate)).length}/${gates.length}`;
}

/** The lines of `trivet status` and `trivet update status` about the system's versions. */
import type { SystemStatus } from '../admin/protocol.ts';

const runningStates: Readonly<Record<SystemStatus['state'], string>> = {
  good: 'good',
  trial: 'on trial',
  unknown: 'not known whether it has proved itself',
};
const otherStates = {
  empty: 'empty',
  good: 'good, to go back to',
  trial: 'to be tried at the next start',
  failed: 'failed its trial',
} as const;

export function formatSystem(system: SystemStatus): readonly string[] {
  const { name, version, slot, state, other, lastUpdate, problem } = system;
  const keys = system.keys === 'development' ? ', development keys' : '';
  return [
    `system:    ${name} ${version}, slot ${slot ?? '?'}, ${runningStates[state]}${keys}`,
    ...(other === null
      ? []
      : [`slot ${other.slot}:    ${[other.version, otherStates[other.state]].filter(Boolean).join(', ')}`]),
    ...(lastUpdate === null ? [] : [`update:    ${lastUpdate.message}`]),
    ...(problem === null ? [] : [`problem:   ${problem}`]),
  ];
}

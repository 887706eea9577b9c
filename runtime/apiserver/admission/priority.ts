/** The number behind a pod's PriorityClass. (plugin/pkg/admission/priority) */
import type { Pod } from '../schemas/generated/types/api-core-v1.ts';
import type { PriorityClass } from '../schemas/generated/types/api-scheduling-v1.ts';
import { type Asked, isOf, objectOf, oldOf, type Plugin, refuse, withSpec } from './plugin.ts';
import type { Reads } from './reads.ts';

const usual = { name: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' };

export function priority(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      const { object, operation } = asked;
      if (object === null || !isOf(asked, 'pods')) return object;
      if (operation === 'UPDATE') return withSpec(object, keptPriority(asked));
      return operation === 'CREATE' ? withSpec(object, await chosen(reads, asked)) : object;
    },
    validate: async (asked) => {
      const { operation, name } = asked;
      const writes = operation === 'CREATE' || operation === 'UPDATE';
      if (!writes || !isOf(asked, 'priorityclasses.scheduling.k8s.io')) return;
      if (objectOf<PriorityClass>(asked).globalDefault !== true) return;
      const other = await defaultClass(reads);
      if (other === null || (operation === 'UPDATE' && other.metadata?.name === name)) return;
      const why = `PriorityClass ${other.metadata?.name} is already marked as default. Only one default can exist`;
      throw refuse(asked, why);
    },
  };
}

/** Who leaves out in an update what was filled in does not mean to take it away. */
function keptPriority(asked: Asked): object {
  const { spec } = objectOf<Pod>(asked);
  const old = oldOf<Pod>(asked).spec;
  return {
    ...(spec?.priority === undefined && old?.priority !== undefined ? { priority: old.priority } : {}),
    ...(spec?.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined
      ? { preemptionPolicy: old.preemptionPolicy }
      : {}),
  };
}

async function chosen(reads: Reads, asked: Asked): Promise<object> {
  const { spec } = objectOf<Pod>(asked);
  const { name, value, preemptionPolicy } = await classOf(reads, asked, spec?.priorityClassName ?? '');
  if (spec?.priority !== undefined && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw refuse(asked, why);
  }
  const policy = spec?.preemptionPolicy;
  if (policy !== undefined && preemptionPolicy !== undefined && policy !== preemptionPolicy) {
    const why = `the string value of PreemptionPolicy (${policy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`;
    throw refuse(asked, why);
  }
  return {
    ...(name === '' ? {} : { priorityClassName: name }),
    priority: value,
    ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
  };
}

async function classOf(reads: Reads, asked: Asked, name: string) {
  const found = name === '' ? await defaultClass(reads) : await reads.get('priorityClasses', '', name);
  if (found === null && name !== '') throw refuse(asked, `no PriorityClass with name ${name} was found`);
  if (found === null) return usual;
  const { metadata, value, preemptionPolicy } = found as unknown as PriorityClass;
  return { name: metadata?.name ?? '', value: value ?? 0, preemptionPolicy };
}

/** Two may have come at the same time: then the lower one counts. */
async function defaultClass(reads: Reads): Promise<PriorityClass | null> {
  const classes = (await reads.list('priorityClasses', '')) as unknown as readonly PriorityClass[];
  const defaults = classes.filter(({ globalDefault }) => globalDefault === true);
  return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0] ?? null;
}

/** What a RuntimeClass adds to its pods: overhead and where they can run. (plugin/pkg/admission/runtimeclass) */
import { compareQuantities } from '../../resources/meta/quantities.ts';
import type { Pod, PodSpec, Toleration } from '../schemas/generated/types/api-core-v1.ts';
import type { RuntimeClass } from '../schemas/generated/types/api-node-v1.ts';
import { isSameJson, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { type Asked, isOf, objectOf, type Plugin, refuse, withSpec } from './plugin.ts';
import type { Reads } from './reads.ts';

type Amounts = Readonly<Record<string, string>>;

export function runtimeClass(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      const { object, operation } = asked;
      if (object === null || operation !== 'CREATE' || !isOf(asked, 'pods')) return object;
      const found = await classOf(reads, asked);
      const { spec } = objectOf<Pod>(asked);
      if (found === null || spec === undefined) return object;
      return withSpec(object, { ...overheadOf(asked, spec, found), ...placementOf(asked, spec, found) });
    },
    validate: async (asked) => {
      if (asked.operation !== 'CREATE' || !isOf(asked, 'pods')) return;
      const found = await classOf(reads, asked);
      const { spec } = objectOf<Pod>(asked);
      const [own, wanted] = [spec?.overhead, found?.overhead?.podFixed];
      if (own === undefined || isSameAmounts(own, wanted ?? {})) return;
      const why =
        wanted === undefined
          ? 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
          : "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
      throw refuse(asked, why);
    },
  };
}

async function classOf(reads: Reads, asked: Asked): Promise<RuntimeClass | null> {
  const name = objectOf<Pod>(asked).spec?.runtimeClassName ?? '';
  if (name === '') return null;
  const found = await reads.get('runtimeClasses', '', name);
  if (found === null) throw refuse(asked, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found as unknown as RuntimeClass;
}

function overheadOf(asked: Asked, { overhead }: PodSpec, { overhead: ofClass }: RuntimeClass): object {
  const wanted = ofClass?.podFixed;
  if (wanted === undefined) return {};
  if (overhead === undefined || Object.keys(overhead).length === 0) return { overhead: wanted };
  if (isSameAmounts(overhead, wanted)) return {};
  throw refuse(asked, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function placementOf(
  asked: Asked,
  { nodeSelector, tolerations }: PodSpec,
  { scheduling }: RuntimeClass,
): object {
  if (scheduling === undefined) return {};
  const wanted = scheduling.nodeSelector ?? {};
  for (const [key, value] of Object.entries(wanted)) {
    const own = nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
    throw refuse(asked, why);
  }
  const own = tolerations ?? [];
  const added = (scheduling.tolerations ?? []).filter((one) => !own.some((there) => isSame(there, one)));
  return {
    ...(Object.keys(wanted).length === 0 ? {} : { nodeSelector: { ...nodeSelector, ...wanted } }),
    ...(added.length === 0 ? {} : { tolerations: [...own, ...added] }),
  };
}

function isSame(a: Toleration, b: Toleration): boolean {
  return isSameJson(a as JsonValue, b as JsonValue);
}

function isSameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantities(a[name], b[name]) === 0)
  );
}

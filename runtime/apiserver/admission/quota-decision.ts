/** What a request uses up, and whether a quota grants it. Every sentence is what a client sees. Pure. */
import { compareQuantities, type Quantities } from '../../resources/meta/quantities.ts';
import { addQuantities, moreThan } from '../../resources/quota/amounts.ts';
import { containerUsage } from '../../resources/quota/pod-usage.ts';
import { countsFor, usageOf } from '../../resources/quota/usage.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Pod, ResourceQuota } from '../schemas/generated/types/api-core-v1.ts';
import type { GroupResource } from '../status.ts';
import { type Asked, isOf } from './plugin.ts';

export interface Charge {
  readonly of: GroupResource;
  readonly object: ApiObject;
  /** Of all that the object uses, more or not. */
  readonly names: readonly string[];
  /** By how much it uses more than before; nothing that is zero. */
  readonly more: Quantities;
}

export type ChargeDecision =
  | { readonly kind: 'untouched' }
  | { readonly kind: 'charged'; readonly used: Quantities }
  | { readonly kind: 'refused'; readonly why: string };

/** Null where the request uses nothing up. */
export function chargeOf(asked: Asked, nowMs: number): Charge | null {
  const { operation, resource, object, old, subresource } = asked;
  const grows = isOf(asked, 'services', 'persistentvolumeclaims', 'pods/resize');
  const isCounted = (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && grows);
  if (object === null || !isCounted) return null;
  const usage = usageOf(resource, object, nowMs);
  const before = old === null ? {} : usageOf(resource, old, nowMs);
  return { of: resource, object, names: Object.keys(usage), more: moreThan(usage, before) };
}

export function decideCharge(quota: ResourceQuota, charge: Charge): ChargeDecision {
  const { metadata, status } = quota;
  const { of, object, more } = charge;
  const { hard = {}, used = {} } = status ?? {};
  const name = metadata?.name ?? '';
  const bound = Object.keys(hard).filter((resource) => concerns(charge, resource));
  if (bound.length === 0 || !countsFor(quota, of, object)) return { kind: 'untouched' };
  const missing = missingOf(charge, bound);
  if (missing !== null) return { kind: 'refused', why: `failed quota: ${name}: must specify ${missing}` };
  if (bound.some((resource) => used[resource] === undefined)) {
    const why = `status unknown for quota: ${name}, resources: ${[...bound].sort().join(',')}`;
    return { kind: 'refused', why };
  }
  const asked = Object.keys(more).filter((resource) => hard[resource] !== undefined);
  if (asked.length === 0) return { kind: 'untouched' };
  const asking = Object.fromEntries(asked.map((resource) => [resource, more[resource] as string]));
  const next = addQuantities(used, asking);
  const exceeded = asked.filter((resource) => compareQuantities(next[resource], hard[resource]) > 0).sort();
  if (exceeded.length === 0) return { kind: 'charged', used: next };
  const show = (amounts: Quantities): string =>
    exceeded.map((resource) => `${resource}=${amounts[resource]}`).join(',');
  const why = `exceeded quota: ${name}, requested: ${show(more)}, used: ${show(used)}, limited: ${show(hard)}`;
  return { kind: 'refused', why };
}

/** A quota on what a pod could ask for is about every pod, though it asks for nothing of it. */
function concerns({ of, names }: Charge, resource: string): boolean {
  if (names.includes(resource)) return true;
  const isPod = of.group === '' && of.resource === 'pods';
  return (
    isPod && (podResources.has(resource) || /^(requests\.)?hugepages-/.test(resource) || isExtended(resource))
  );
}

function isExtended(resource: string): boolean {
  return /^requests\.[^/]+\//.test(resource) && !/^requests\.([^/]+\.)?kubernetes\.io\//.test(resource);
}

const needed: ReadonlySet<string> = new Set([
  ...['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'],
]);
const podResources: ReadonlySet<string> = new Set([
  ...[...needed, 'ephemeral-storage', 'requests.ephemeral-storage', 'limits.ephemeral-storage'],
  ...['pods', 'count/pods'],
]);

/** What is bounded has to be said, by every container. */
function missingOf({ of, object }: Charge, bound: readonly string[]): string | null {
  if (of.group !== '' || of.resource !== 'pods') return null;
  const { spec } = object as unknown as Pod;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const lacking = [...bound]
    .filter((resource) => needed.has(resource))
    .sort()
    .flatMap((resource) => {
      const names = containers
        .filter((one) => containerUsage(one)[resource] === undefined)
        .map(({ name }) => name ?? '');
      return names.length === 0 ? [] : [`${resource} for: ${[...new Set(names)].sort().join(',')}`];
    });
  return lacking.length === 0 ? null : lacking.join('; ');
}

/** What a quota says of what is used: a sum over the objects of its namespace. (pkg/controller/resourcequota) Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { objectAt } from '../../apiserver/objects/read-path.ts';
import type { ResourceQuota } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { GroupResource } from '../../apiserver/status.ts';
import type { Quantities } from '../../resources/meta/quantities.ts';
import { sumQuantities } from '../../resources/quota/amounts.ts';
import { countsFor, usageOf } from '../../resources/quota/usage.ts';
import { resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

export interface Counted {
  readonly of: GroupResource;
  /** In the quota's namespace. */
  readonly objects: readonly ApiObject[];
}

export interface ObservedQuota {
  /** null where there is none any more */
  readonly quota: ApiObject | null;
  readonly counted: readonly Counted[];
  /** Since 1970. */
  readonly nowMs: number;
}

export function planQuota({ quota, counted, nowMs }: ObservedQuota): readonly Write[] {
  if (quota === null) return [];
  const hard = limitsOf(quota);
  const total = sumQuantities(
    counted.flatMap(({ of, objects }) =>
      objects
        .filter((object) => countsFor(quota as unknown as ResourceQuota, of, object))
        .map((object) => usageOf(of, object, nowMs)),
    ),
  );
  const before = objectAt(quota, 'status', 'used') as Quantities;
  const names = Object.keys(hard).sort();
  const used = Object.fromEntries(names.map((name) => [name, total[name] ?? '0']));
  const status = { hard, used };
  if (isDeepStrictEqual(status, { hard: objectAt(quota, 'status', 'hard'), used: before })) return [];
  return [
    { kind: 'update', of: resources.resourceQuotas, object: { ...quota, status }, subresource: 'status' },
  ];
}

export function limitsOf(quota: ApiObject): Quantities {
  return objectAt(quota, 'spec', 'hard') as Quantities;
}

/**
 * What a namespace has used up is written into the status of its quotas before an object is made, and is held against what
 * they grant. What fails afterwards is given back by the controller, which counts anew.
 * (k8s.io/apiserver/pkg/admission/plugin/resourcequota)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import type { ResourceQuota } from '../schemas/generated/types/api-core-v1.ts';
import { type Asked, type Plugin, refuse } from './plugin.ts';
import { type Charge, chargeOf, decideCharge } from './quota-decision.ts';
import type { Reads } from './reads.ts';

export interface QuotaStore {
  /** Decided anew when somebody came between. What `decide` throws is thrown. */
  readonly change: (
    namespace: string,
    name: string,
    decide: (quota: ApiObject) => ApiObject,
  ) => Promise<void>;
  readonly nowMs: () => number;
}

export function resourceQuota(reads: Reads, quotas: QuotaStore): Plugin {
  const inTurn = turns();
  return {
    validate: async (asked) => {
      if (asked.namespace === '' || asked.object === null) return;
      const found = await reads.list('resourceQuotas', asked.namespace);
      if (found.length === 0) return;
      const charge = chargeOf(asked, quotas.nowMs());
      if (charge === null) return;
      await inTurn(asked.namespace, () => chargeAll(quotas, asked, charge, found));
    },
  };
}

async function chargeAll(
  quotas: QuotaStore,
  asked: Asked,
  charge: Charge,
  found: readonly ApiObject[],
): Promise<void> {
  const touched = found.filter((quota) => charged(asked, charge, quota) !== quota);
  if (asked.dryRun) return;
  for (const { metadata } of touched) {
    await quotas.change(asked.namespace, metadata.name ?? '', (quota) => charged(asked, charge, quota));
  }
}

/** The quota itself where it is not about this. */
function charged(asked: Asked, charge: Charge, quota: ApiObject): ApiObject {
  const decision = decideCharge(quota as unknown as ResourceQuota, charge);
  switch (decision.kind) {
    case 'refused':
      throw refuse(asked, decision.why);
    case 'untouched':
      return quota;
    case 'charged':
      return { ...quota, status: { ...(quota.status as object), used: decision.used } };
  }
}

/** One after the other within a namespace: those of one node do not get in each other's way. */
function turns() {
  const last = new Map<string, Promise<void>>();
  return async (namespace: string, run: () => Promise<void>): Promise<void> => {
    const turn = (last.get(namespace) ?? Promise.resolve()).then(run);
    const settled = turn.catch(() => {});
    last.set(namespace, settled);
    try {
      await turn;
    } finally {
      if (last.get(namespace) === settled) last.delete(namespace);
    }
  };
}

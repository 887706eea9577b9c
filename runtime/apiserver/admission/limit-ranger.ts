/** What pods and claims of a namespace ask for when they say nothing, and how much they may. (plugin/pkg/admission/limitranger) */

import type { ApiObject } from '../objects/object-bytes.ts';
import type { LimitRange, PersistentVolumeClaim, Pod } from '../schemas/generated/types/api-core-v1.ts';
import { checkClaim, checkPod } from './limit-bounds.ts';
import { withDefaults } from './limit-defaults.ts';
import { type Asked, isOf, joinComplaints, objectOf, type Plugin, refuse } from './plugin.ts';
import type { Reads } from './reads.ts';

export function limitRanger(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      if (!isOf(asked, 'pods') || !isLimited(asked)) return asked.object;
      let pod = objectOf<Pod>(asked);
      for (const range of await rangesOf(reads, asked)) pod = withDefaults(pod, range);
      return pod as unknown as ApiObject;
    },
    validate: async (asked) => {
      if (!isLimited(asked)) return;
      for (const range of await rangesOf(reads, asked)) {
        const complaints = isOf(asked, 'pods')
          ? checkPod(objectOf<Pod>(asked), range)
          : checkClaim(objectOf<PersistentVolumeClaim>(asked), range);
        if (complaints.length > 0) throw refuse(asked, joinComplaints(complaints));
      }
    },
  };
}

/** What a pod asks for cannot change; what is being deleted need not fit any more. */
function isLimited(asked: Asked): boolean {
  const { operation, old } = asked;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  if (old !== null && (old.metadata.deletionTimestamp ?? null) !== null) return false;
  return isOf(asked, 'persistentvolumeclaims') || (isOf(asked, 'pods') && operation === 'CREATE');
}

async function rangesOf(reads: Reads, { namespace }: Asked): Promise<readonly LimitRange[]> {
  return (await reads.list('limitRanges', namespace)) as unknown as readonly LimitRange[];
}

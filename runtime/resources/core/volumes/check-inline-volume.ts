/** A volume that is described where it is used, and has no object of its own. (pkg/apis/core/validation) Pure. */
import type { PersistentVolumeSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, required } from '../../field-errors.ts';
import { when } from '../../meta/field-checks.ts';
import { checkSources } from './check-persistent-volume.ts';
import { checkAccessModes } from './claim-spec.ts';

const place = 'in the context of inline volumes';
const noField = `may not be specified ${place}`;

/** What is wrong with it: it is one of a CSI driver, and what concerns claims has no place in it. */
export function checkInlineVolume(spec: PersistentVolumeSpec, field: string): readonly FieldError[] {
  const modes = spec.accessModes ?? [];
  const hasCapacity = Object.keys(spec.capacity ?? {}).length > 0;
  const policy = spec.persistentVolumeReclaimPolicy || 'Retain';
  const mode = spec.volumeMode ?? 'Filesystem';
  const { nodeAffinity, ...others } = spec;
  const forbid = (name: string, why: string): FieldError => forbiddenField(`${field}.${name}`, why);
  return [
    ...when(spec.claimRef !== undefined, forbid('claimRef', noField)),
    ...when(hasCapacity, forbid('capacity', noField)),
    ...when(spec.csi === undefined, required(`${field}.csi`, `has to be specified ${place}`)),
    ...when(modes.length === 0, required(`${field}.accessModes`)),
    ...checkAccessModes(modes, `${field}.accessModes`),
    ...when(policy !== 'Retain', forbid('persistentVolumeReclaimPolicy', `may only be Retain ${place}`)),
    ...when(nodeAffinity !== undefined, forbid('nodeAffinity', noField)),
    ...checkSources(others, '', field),
    ...when((spec.storageClassName ?? '') !== '', forbid('storageClassName', noField)),
    ...when(
      mode !== 'Filesystem',
      forbid('volumeMode', `may not specify volumeMode other than Filesystem ${place}`),
    ),
  ];
}

/** What is allowed in a persistent volume, and better done otherwise. (pkg/api/persistentvolume/util.go) Pure. */
import type { PersistentVolumeSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isWholeQuantity } from '../../meta/quantities.ts';
import { warnOfNodeTerm } from '../node-selector.ts';

export type Annotations = Readonly<Record<string, string>> | undefined;

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
export const mountAnnotation = 'volume.beta.kubernetes.io/mount-options';
const deprecatedSources = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
} as const;

export function warnOfVolume(spec: PersistentVolumeSpec, annotations: Annotations = {}): readonly string[] {
  const ofAnnotations = [
    [classAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead'],
    [mountAnnotation, 'deprecated since v1.31; use "mountOptions" attribute instead'],
  ] as const;
  const isRecycled = spec.persistentVolumeReclaimPolicy === 'Recycle';
  const size = spec.capacity?.storage;
  return [
    ...ofAnnotations
      .filter(([key]) => annotations[key] !== undefined)
      .map(([key, why]) => `metadata.annotations[${key}]: ${why}`),
    ...(isRecycled
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...Object.entries(deprecatedSources)
      .filter(([name]) => spec[name as keyof typeof deprecatedSources] !== undefined)
      .map(([name, why]) => `spec.${name === 'storageos' ? 'storageOS' : name}: ${why}`),
    ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      warnOfNodeTerm(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`),
    ),
    ...(size === undefined || isWholeQuantity(size)
      ? []
      : [
          `spec.capacity[storage]: fractional byte value ${JSON.stringify(size)} is invalid, must be an integer`,
        ]),
  ];
}

/** storage.k8s.io. */
import { groupVersion, status } from '../resource.ts';

export const storage = groupVersion('storage.k8s.io', 'v1', [
  ['csidrivers', 'CSIDriver', { clusterScoped: true }],
  ['csinodes', 'CSINode', { clusterScoped: true }],
  ['csistoragecapacities', 'CSIStorageCapacity'],
  ['storageclasses', 'StorageClass', { clusterScoped: true, shortNames: ['sc'] }],
  ['volumeattachments', 'VolumeAttachment', { clusterScoped: true, subresources: [status] }],
]);

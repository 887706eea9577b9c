/** coordination.k8s.io. */
import { groupVersion } from '../resource.ts';

export const coordination = groupVersion('coordination.k8s.io', 'v1', [['leases', 'Lease']]);

/** discovery.k8s.io. */
import { groupVersion } from '../resource.ts';

export const discovery = groupVersion('discovery.k8s.io', 'v1', [['endpointslices', 'EndpointSlice']]);

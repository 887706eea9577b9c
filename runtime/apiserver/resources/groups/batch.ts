/** batch. */
import { groupVersion, status } from '../resource.ts';

export const batch = groupVersion('batch', 'v1', [
  ['cronjobs', 'CronJob', { shortNames: ['cj'], categories: ['all'], subresources: [status] }],
  ['jobs', 'Job', { categories: ['all'], subresources: [status] }],
]);

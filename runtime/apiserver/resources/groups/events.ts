/** events.k8s.io: the events of the core group with other field names; they are stored once, in the core form. */
import { groupVersion } from '../resource.ts';

export const events = groupVersion('events.k8s.io', 'v1', [
  ['events', 'Event', { shortNames: ['ev'], storedAs: { group: '', version: 'v1' } }],
]);

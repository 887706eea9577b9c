/** policy. */
import { groupVersion, status } from '../resource.ts';

export const policy = groupVersion('policy', 'v1', [
  ['poddisruptionbudgets', 'PodDisruptionBudget', { shortNames: ['pdb'], subresources: [status] }],
]);

/** authentication.k8s.io: who somebody is. Nothing is stored. */
import { groupVersion, review } from '../resource.ts';

export const authentication = groupVersion('authentication.k8s.io', 'v1', [
  review('selfsubjectreviews', 'SelfSubjectReview'),
  review('tokenreviews', 'TokenReview'),
]);

/** authorization.k8s.io: who may do what. Nothing is stored. */
import { groupVersion, review } from '../resource.ts';

export const authorization = groupVersion('authorization.k8s.io', 'v1', [
  review('localsubjectaccessreviews', 'LocalSubjectAccessReview', { clusterScoped: false }),
  review('selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
  review('selfsubjectrulesreviews', 'SelfSubjectRulesReview'),
  review('subjectaccessreviews', 'SubjectAccessReview'),
]);

/** The subresources that have handlers of their own; the others are parts of their objects. */
import type { SpecialHandlers } from '../apiserver/handlers/special.ts';
import { serveBinding } from './binding.ts';
import { serveEviction } from './eviction.ts';
import { needsContainers } from './not-here.ts';
import { serveScale } from './scale.ts';

const scaled = ['apps/deployments', 'apps/replicasets', 'apps/statefulsets', '/replicationcontrollers'];

export const subresources: SpecialHandlers = {
  ...needsContainers,
  ...Object.fromEntries(scaled.map((name) => [`${name}/scale`, serveScale])),
  '/pods/binding': serveBinding,
  '/bindings': serveBinding,
  '/pods/eviction': serveEviction,
};

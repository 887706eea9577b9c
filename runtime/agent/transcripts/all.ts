/** Every transcript, each for a namespace of its own. */

import type { Transcript } from '../testing/transcript.ts';
import { access, nodes } from './cluster.ts';
import { customResources } from './custom-resources.ts';
import { changing, generators, looking } from './objects.ts';
import { workloads } from './workloads.ts';

export const transcripts: readonly Transcript[] = [
  generators,
  looking,
  changing,
  workloads,
  nodes,
  access,
  customResources,
];

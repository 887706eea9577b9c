/** Every transcript, each for a namespace of its own. */

import type { Transcript } from '../testing/transcript.ts';
import { applying, editing } from './applying.ts';
import { access, certificates, draining, nodes } from './cluster.ts';
import { customResources } from './custom-resources.ts';
import { describing } from './describing.ts';
import { changing, generators, looking } from './objects.ts';
import { server, watching } from './watching.ts';
import { workloads } from './workloads.ts';

export const transcripts: readonly Transcript[] = [
  generators,
  looking,
  changing,
  workloads,
  nodes,
  draining,
  access,
  certificates,
  customResources,
  applying,
  editing,
  describing,
  watching,
  server,
];

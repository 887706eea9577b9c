/** What `/metrics` of this node says: what its parts have counted, what lies in the store, and the store itself. */
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import type { Measure } from '../apiserver/metrics/measures.ts';
import { measureObjects, measureStore } from '../apiserver/metrics/store-measures.ts';
import { type WriteMeasures, writeMeasures } from '../apiserver/metrics/write-measures.ts';
import type { Store } from '../datastore/store.ts';
import { kubernetesVersion } from './kubernetes-version.ts';

export function openApiMetrics(store: Store, kinds: Kinds, counted: readonly Measure[]): WriteMeasures {
  const nowMs = (): number => performance.now();
  return writeMeasures([
    buildInfo(),
    ...counted,
    measureObjects(store, kinds, nowMs),
    ...measureStore(store, nowMs),
  ]);
}

function buildInfo(): Measure {
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } =
    kubernetesVersion() as Record<string, string>;
  const labels = {
    ...{ major, minor, git_version: gitVersion, git_commit: gitCommit, git_tree_state: gitTreeState },
    ...{ build_date: buildDate, go_version: goVersion, compiler, platform },
  } as Record<string, string>;
  return {
    ...{ name: 'kubernetes_build_info', help: 'Which version this is, always 1.', type: 'gauge' },
    read: () => [{ labels, value: 1 }],
  };
}

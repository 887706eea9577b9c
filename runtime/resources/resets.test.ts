import t from 'tap';
import { registry } from '../apiserver/handlers/testing/open-kind.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import { strategyOf } from './strategies.ts';

t.test(
  'what a write cannot set is a field of its kind, and is said of subresources that are there',
  async (t) => {
    for (const resource of builtInGroupVersions.flatMap(({ resources }) => resources)) {
      if (resource.storage === null) continue;
      const { resets = {}, parts = {} } = strategyOf(resource);
      const names = ['', ...resource.subresources.map(({ name }) => name)];
      t.strictSame(
        Object.keys(resets).filter((name) => !names.includes(name)),
        [],
        resource.resource,
      );
      const only = Object.values(parts).flatMap(({ writesOnly = [] }) => writesOnly);
      for (const path of [...Object.values(resets).flat(), ...only]) {
        t.ok(hasField(resource, path.split('.')), `${resource.resource}: ${path}`);
      }
    }
  },
);

function hasField(kind: Parameters<typeof registry.kind>[0], path: readonly string[]): boolean {
  let type = registry.kind(kind);
  for (const name of path) {
    const field = type?.fields.find(({ json }) => json === name);
    if (field === undefined) return false;
    type = field.of.kind === 'message' ? field.of.type : null;
  }
  return true;
}

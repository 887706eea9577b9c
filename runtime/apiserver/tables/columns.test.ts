/** The columns of every resource against those that a real server of 1.32 gave. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { builtInGroupVersions } from '../resources/built-in.ts';
import { printerOf } from './printers.ts';

const measured = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../testing/measured/table-columns.json'), 'utf8'),
) as Readonly<Record<string, readonly unknown[]>>;

const listed = builtInGroupVersions
  .flatMap(({ resources }) => resources)
  .filter(({ verbs }) => verbs.includes('list'));

t.test('printerOf gives the columns of the real server, by name, type, format and priority', async (t) => {
  // The custom resource of the test that asked.
  const theirs = Object.keys(measured).filter((name) => !name.startsWith('ex.io/'));
  const ours = listed.map(({ group, version, resource }) => `${group}/${version}/${resource}`);
  t.same(ours.toSorted(), theirs.toSorted());
  for (const resource of listed) {
    const key = `${resource.group}/${resource.version}/${resource.resource}`;
    const columns = printerOf(resource).columns.map(({ name, type, format, priority }) => ({
      ...{ name, type, format, priority },
    }));
    t.same(columns, measured[key], key);
  }
});

/** Objects with the fields that printers read, and anything in them. */
const anything = fc.oneof(
  fc.constant(null),
  fc.constantFrom('', 'x', '2026-01-01T00:00:00Z', 3, -1, true),
  fc.array(fc.oneof(fc.constant(null), fc.string(), fc.dictionary(fc.string(), fc.jsonValue())), {
    maxLength: 3,
  }),
  fc.dictionary(
    fc.constantFrom(
      ...['conditions', 'metrics', 'template', 'ports', 'type', 'state', 'initContainers', 'selector'],
      ...['containerStatuses', 'loadBalancer', 'hard', 'labels', 'tls', 'rules', '__proto__', 'claimRef'],
    ),
    fc.jsonValue({ maxDepth: 2 }),
  ),
);
const objects = fc.dictionary(
  fc.constantFrom(
    ...['metadata', 'spec', 'status', 'subsets', 'data', 'endpoints', 'series', 'roleRef', 'subjects'],
    ...['webhooks', 'ports', 'source', 'regarding', 'involvedObject'],
  ),
  anything,
);

t.test('every printer makes as many cells as columns, whatever the object is', async (t) => {
  for (const resource of listed) {
    const { columns, cells } = printerOf(resource);
    fc.assert(
      fc.property(fc.oneof(fc.constant(null), objects), (object) => {
        const made = cells(object, 0);
        const kinds = ['string', 'number', 'boolean'];
        return made.length === columns.length && made.every((cell) => kinds.includes(typeof cell));
      }),
      { numRuns: 60 },
    );
    t.pass(resource.resource);
  }
});

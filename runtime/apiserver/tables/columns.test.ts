/** The columns of every resource against those that a real server of 1.32 gave. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
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

t.test('every printer makes as many cells as columns, whatever the object is', async (t) => {
  for (const resource of listed) {
    const { columns, cells } = printerOf(resource);
    for (const object of [{}, null, { metadata: [], spec: 3, status: 'x' }, { spec: { metrics: [null] } }]) {
      t.equal(cells(object, 0).length, columns.length, resource.resource);
    }
  }
});

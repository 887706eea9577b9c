import t from 'tap';
import { printerOf } from './printers.ts';
import { makeTable, type TableOptions } from './table.ts';

const options: TableOptions = { includeObject: 'Metadata', withColumns: true, nowMs: 0 };
const pods = printerOf({ group: '', resource: 'pods' });
const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' }, status: { phase: 'Succeeded' } };

t.test('makeTable gives a row for an object, with as much of it as is wanted', async (t) => {
  const table = makeTable(pods, [pod], { resourceVersion: '7' }, options);
  t.match(table, { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: '7' } });
  t.equal(table.columnDefinitions?.length, 9);
  t.same(table.rows[0]?.object, {
    ...{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } },
  });
  t.match(table.rows[0]?.conditions, [{ type: 'Completed', status: 'True', reason: 'Succeeded' }]);
  const withObject = (includeObject: TableOptions['includeObject']): unknown =>
    makeTable(pods, [pod], {}, { ...options, includeObject }).rows[0]?.object;
  t.equal(withObject('None'), null);
  t.equal(withObject('Object'), pod);
});

t.test('makeTable leaves out the columns where a watch goes on', async (t) => {
  const table = makeTable(pods, [pod], {}, { ...options, withColumns: false });
  t.equal(table.columnDefinitions, null);
  t.equal(table.rows.length, 1);
});

t.test('makeTable lists flow schemas in the order in which they are asked', async (t) => {
  const schema = (name: string, matchingPrecedence: number): object => ({
    ...{ metadata: { name }, spec: { matchingPrecedence } },
  });
  const printer = printerOf({ group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas' });
  const table = makeTable(printer, [schema('b', 9), schema('c', 1), schema('a', 9)], {}, options);
  t.same(
    table.rows.map(({ cells }) => cells[0]),
    ['c', 'a', 'b'],
  );
});

/** SQLite in the main thread: what a worker wrote, full text search, and exceptions that pass through SQLite. */
import Database from 'better-sqlite3';

/** Opens the database that the worker has made. */
export function tryDatabase(file: string): object {
  const database = new Database(file);
  const read = (sql: string): unknown => database.prepare(sql).pluck().get();
  database.exec(
    "CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('a trivet has three legs')",
  );
  database.function('refuse', (value: unknown) => {
    throw new RangeError(`refused ${value}`);
  });
  database.aggregate('count_up_to_two', {
    start: 0,
    step: (total: number, _value: unknown) => {
      if (total === 2) throw new TypeError('a third row');
      return total + 1;
    },
  });
  const result = {
    fromWorker: read('SELECT text FROM note'),
    found: read("SELECT text FROM words WHERE words MATCH 'leg*'"),
    thrownByFunction: thrown(() => read('SELECT refuse(7)')),
    thrownByAggregate: thrown(() => read('SELECT count_up_to_two(column1) FROM (VALUES (1), (2), (3))')),
    thrownBySqlite: thrown(() => read('SELECT * FROM absent')),
    // Still whole after the exceptions.
    aggregate: read('SELECT count_up_to_two(1)'),
  };
  database.close();
  return result;
}

function thrown(work: () => unknown): string {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'no error';
  }
}

/** The example program: what the tests build and run instead of the runtime. */
import type { EntryPoints } from '../bundle.ts';

export const example: EntryPoints = {
  trivet: 'image/binary/example/main.ts',
  tls: 'image/binary/example/tls.ts',
  'core-thread': 'image/binary/example/core-thread.ts',
};

/** What it prints as the static executable, wherever that runs. */
export const expectedOfExample = {
  journalOfWorker: 'wal',
  fromWorker: 'written in the worker',
  found: 'a trivet has three legs',
  thrownByFunction: 'RangeError: refused 7',
  thrownByAggregate: 'TypeError: a third row',
  thrownBySqlite: 'SqliteError: no such table: absent',
  aggregate: 1,
  zlib: true,
  zstd: true,
  german: '1.234.567,5',
  sorted: 'azä',
  zoneAtStart: 'UTC',
  hoursAtStart: 0,
  kathmandu: 'Thu Jan 01 1970 05:30:00 GMT+0530 (Nepal Time)',
  wasm: true,
  otherAddon: 'this executable is static and loads no libraries or addons',
  subject: 'CN=example',
  isSignedByItself: true,
  tls: 'TLSv1.3',
  echo: 'hello',
  isTrusted: true,
  child: 'the child speaks',
};

/** `trivet kv get|put|del|watch`: the datastore, for people and tests. */
import { readFileSync } from 'node:fs';
import { type AdminClient, connectAdmin } from '../admin/client.ts';
import type { KeyValue } from '../admin/protocol.ts';
import { CommandError, usageError } from './command-error.ts';

export interface KvOptions {
  readonly socket: string;
  readonly json: boolean;
  /** All keys that start with KEY. */
  readonly prefix: boolean;
  /** Watch from this revision on instead of from now. */
  readonly revision: number | undefined;
}

const operations: Record<
  string,
  (client: AdminClient, args: readonly string[], options: KvOptions) => Promise<void>
> = {
  get: getKeys,
  put: putKey,
  del: deleteKeys,
  watch: watchKeys,
};

/** Runs one operation; `args` are the words after it. */
export async function kvCommand(
  operation: string,
  args: readonly string[],
  options: KvOptions,
): Promise<void> {
  const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (!run) throw usageError(`kv has no operation "${operation}": use get, put, del or watch.`);
  const wanted = operation === 'put' ? ['KEY', 'VALUE'] : ['KEY'];
  if (args.length !== wanted.length) throw usageError(`Usage: trivet kv ${operation} ${wanted.join(' ')}`);
  const client = await connectAdmin(options.socket);
  try {
    await run(client, args, options);
  } finally {
    client.close();
  }
}

async function getKeys(client: AdminClient, [key]: readonly string[], options: KvOptions): Promise<void> {
  const { items, revision } = (await client.request('kv.get', { key, prefix: options.prefix })) as {
    items: KeyValue[];
    revision: number;
  };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ revision, items }, null, 2)}\n`);
  } else if (options.prefix) {
    for (const item of items) process.stdout.write(`${item.key}\n${item.value}\n`);
  } else if (items[0]) {
    process.stdout.write(`${items[0].value}\n`);
  }
  if (!options.prefix && items.length === 0)
    throw new CommandError(`There is no key "${key}" (revision ${revision}).`);
}

async function putKey(
  client: AdminClient,
  [key, value]: readonly string[],
  options: KvOptions,
): Promise<void> {
  // "-" reads the value from standard input, as other tools do.
  const content = value === '-' ? readFileSync(0, 'utf8') : value;
  const result = (await client.request('kv.put', { key, value: content })) as { revision: number };
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `revision ${result.revision}\n`);
}

async function deleteKeys(client: AdminClient, [key]: readonly string[], options: KvOptions): Promise<void> {
  const result = (await client.request('kv.del', { key, prefix: options.prefix })) as {
    revision: number;
    deleted: number;
  };
  const keys = `${result.deleted} key${result.deleted === 1 ? '' : 's'}`;
  process.stdout.write(
    options.json ? `${JSON.stringify(result)}\n` : `deleted ${keys}, revision ${result.revision}\n`,
  );
}

async function watchKeys(client: AdminClient, [key]: readonly string[], options: KvOptions): Promise<void> {
  const onEvent = (event: unknown): void => {
    process.stdout.write(options.json ? `${JSON.stringify(event)}\n` : formatWatchEvent(event as WatchEvent));
  };
  const params = { key, prefix: options.prefix, revision: options.revision };
  await client.request('kv.watch', params, { timeoutMilliseconds: 0, onEvent });
}

interface WatchEvent {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

function formatWatchEvent(event: WatchEvent): string {
  const value = event.type === 'put' ? ` ${event.value}` : '';
  return `${event.revision} ${event.type} ${event.key}${value}\n`;
}

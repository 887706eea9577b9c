/** Who was removed from the cluster, kept on disk: a spare holds no data, and must know it from its start on. */
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import { DenyList } from '../peers/deny-list.ts';
import type { NodeId } from '../raft/types.ts';

const fileSchema = z.array(z.string().regex(/^[0-9a-f]{16}$/));

export interface RemovedKeeper {
  readonly denied: DenyList;
  /** What the datastore or the leader says. */
  learn(ids: readonly NodeId[]): void;
}

export function openRemovedKeeper(dataDirectory: string): RemovedKeeper {
  const file = path.join(dataDirectory, 'removed.json');
  const denied = new DenyList(readIds(file));
  return {
    denied,
    learn: (ids) => {
      if (!denied.add(ids)) return;
      try {
        writeFileDurably(file, `${JSON.stringify(denied.ids)}\n`);
      } catch {
        // A full disk: it is in force all the same, and after a restart the others say it again.
      }
    },
  };
}

function readIds(file: string): NodeId[] {
  try {
    return fileSchema.parse(JSON.parse(readTextIfPresent(file) ?? '[]')) as NodeId[];
  } catch {
    return [];
  }
}

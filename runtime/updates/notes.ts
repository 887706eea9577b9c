/** What one version notes for the next (on the data partition), and the last outcome (in memory, for `status`). */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import type { DevicePaths } from './device.ts';
import type { HealthBefore } from './health.ts';

const beforeSchema = z.object({ wasMember: z.boolean(), networkDevices: z.int() });
const outcomeSchema = z.object({ ok: z.boolean(), message: z.string() });

/** How the last try to install ended. */
export type LastOutcome = z.infer<typeof outcomeSchema>;

/** Kept across the restart that tries the new version. */
export function noteBefore(paths: DevicePaths, before: HealthBefore): void {
  mkdirSync(paths.notes, { recursive: true, mode: 0o700 });
  writeFileDurably(path.join(paths.notes, 'before.json'), JSON.stringify(before));
}

/** Null when there is no note, or it is damaged: then less is asked of the new version. */
export function readBefore(paths: DevicePaths): HealthBefore | null {
  return readJson(path.join(paths.notes, 'before.json'), beforeSchema);
}

export function noteOutcome(paths: DevicePaths, outcome: LastOutcome): void {
  writeFileSync(paths.lastOutcome, JSON.stringify(outcome));
}

export function readOutcome(paths: DevicePaths): LastOutcome | null {
  return readJson(paths.lastOutcome, outcomeSchema);
}

/** Network devices that a driver has found, the loopback left out. */
export function countNetworkDevices(paths: DevicePaths): number {
  return readdirSync(paths.networkDevices).filter((name) => name !== 'lo').length;
}

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> | null {
  try {
    return schema.parse(JSON.parse(readTextIfPresent(file) ?? ''));
  } catch {
    return null;
  }
}

/**
 * What `trivet config collect` found, as a file for the agent: one JSON object, so that it is replaced in one step. Names
 * of instances come from a network and are shown to people, so they are cut and cleaned here.
 */
import * as z from 'zod';
import type { Sight } from '../layers.ts';
import { tagsSchema } from './tags.ts';

/** Most that is taken of a user data, packed or not: far more than a configuration needs, and what clouds allow. */
export const userDataLimitBytes = 64 * 1024;

const sightSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string().max(userDataLimitBytes) }),
  z.strictObject({ kind: z.literal('nothing'), note: z.string() }),
  z.strictObject({ kind: z.literal('away'), note: z.string() }),
  z.strictObject({ kind: z.literal('unreadable'), problem: z.string() }),
]) satisfies z.ZodType<Sight>;

const collectedSchema = z.strictObject({
  /** "user data of EC2": names it in messages. */
  place: z.string(),
  sight: sightSchema,
  /** Null where they could not be asked for. */
  tags: tagsSchema.nullable(),
});

export type Collected = Readonly<z.infer<typeof collectedSchema>>;

export function encodeCollected(collected: Collected): string {
  return `${JSON.stringify(collected)}\n`;
}

/** Null for anything else. */
export function decodeCollected(text: string): Collected | null {
  try {
    return collectedSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A name that a platform gives, fit to be printed; null when there is nothing of it. */
export function cleanName(text: string | null | undefined): string | null {
  const clean = (text ?? '')
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, 128);
  return clean === '' ? null : clean;
}

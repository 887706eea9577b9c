/**
 * What a machine's owner has written beside it in its cloud, as tags or metadata: where its peers may be, and of which cluster
 * they are. And the zone that the cloud says itself. Hints, and no configuration. Pure.
 */
import * as z from 'zod';
import { addressSchema, dnsLabelSchema, failureDomainSchema, mostAddresses } from '../schema.ts';

/** The names, the same in every cloud. */
export const tagNames = { peers: 'trivet-peers', cluster: 'trivet-cluster' } as const;

/** As a platform says them; null for none. */
export interface RawTags {
  readonly peers: string | null;
  readonly cluster: string | null;
  readonly zone: string | null;
}

export const tagsSchema = z.strictObject({
  /** "tags of EC2 (i-07)": names them to people. */
  place: z.string().max(512),
  peers: z.array(addressSchema).max(mostAddresses),
  cluster: dnsLabelSchema.nullable(),
  zone: failureDomainSchema.nullable(),
  /** What of them is not taken, and why: parts of a sentence. */
  problems: z.array(z.string().max(512)).max(8),
});
export type Tags = Readonly<z.infer<typeof tagsSchema>>;

const shownProblems = 3;

/** What can be used of them. */
export function readTags(raw: RawTags, place: string): Tags {
  const words = (raw.peers ?? '').split(/[\s,;]+/).filter((word) => word !== '');
  const peers = [...new Set(words)].filter((word) => addressSchema.safeParse(word).success);
  const wrong = words.filter((word) => !addressSchema.safeParse(word).success);
  const cluster = dnsLabelSchema.safeParse(raw.cluster?.trim());
  const zone = failureDomainSchema.safeParse(raw.zone?.trim());
  const isNamed = (raw.cluster?.trim() ?? '') !== '';
  return {
    place,
    peers: peers.slice(0, mostAddresses),
    cluster: cluster.success ? cluster.data : null,
    // An empty one is none: not every machine is in a zone.
    zone: zone.success ? zone.data : null,
    problems: [
      ...wrong.slice(0, shownProblems).map((word) => `"${shown(word)}" in ${tagNames.peers} is no address`),
      ...(peers.length > mostAddresses
        ? [`${tagNames.peers} names more than ${mostAddresses} addresses`]
        : []),
      ...(isNamed && !cluster.success
        ? [`"${shown(raw.cluster ?? '')}" in ${tagNames.cluster} is no name`]
        : []),
    ],
  };
}

/** Null for anything else than a kept text of tags. */
export function decodeTags(text: string | null): Tags | null {
  try {
    return text === null ? null : tagsSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function shown(word: string): string {
  return word.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}

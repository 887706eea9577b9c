/** What platforms answer about a machine, read with care: every field may be missing or of another kind. Pure. */
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { cleanName } from './collected.ts';
import { MetadataError } from './metadata-error.ts';
import { type RawTags, tagNames } from './tags.ts';

/** What a platform gives a machine. */
export interface PlatformData {
  readonly instanceId: string | null;
  readonly hostname: string | null;
  /** As delivered; null for none. */
  readonly userData: Uint8Array | null;
  /** It came under a name that only Trivet asks for, and needs no mark in its first line. */
  readonly isForTrivet?: boolean;
  /** Null where the platform has none, or did not tell them. */
  readonly tags: RawTags | null;
}

const text = z.string().optional().catch(undefined);
const openStackSchema = z.object({
  ...{ uuid: text, hostname: text, name: text, availability_zone: text },
  meta: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
const azureSchema = z.object({
  ...{ location: text, zone: text },
  tagsList: z
    .array(z.object({ name: text, value: text }))
    .default([])
    .catch([]),
  ...{ vmId: text, name: text, userData: z.string().default('') },
  osProfile: z.object({ computerName: text }).optional().catch(undefined),
});
const noCloudSchema = z.object({ 'instance-id': text, 'local-hostname': text });

type Names = Pick<PlatformData, 'instanceId' | 'hostname'>;

/** OpenStack's `meta_data.json`. Throws `MetadataError`. */
export function readOpenStackMetadata(bytes: Uint8Array): Names & Pick<PlatformData, 'tags'> {
  const what = 'OpenStack: meta_data.json';
  const { uuid, hostname, name, meta, availability_zone: zone } = parseJson(openStackSchema, bytes, what);
  const read = (key: string): string | null => text.parse(meta?.[key]) ?? null;
  return {
    ...{ instanceId: cleanName(uuid), hostname: cleanName(hostname ?? name) },
    tags: { peers: read(tagNames.peers), cluster: read(tagNames.cluster), zone: zone ?? null },
  };
}

/** Azure's `compute`. Throws `MetadataError`. */
export function readAzureCompute(bytes: Uint8Array): PlatformData {
  const compute = parseJson(azureSchema, bytes, 'Azure metadata: the answer');
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(compute.userData)) {
    throw new MetadataError('Azure metadata: the user data is not in base64', false);
  }
  // Names of tags are the same in any case there.
  const read = (key: string): string | null =>
    compute.tagsList.find(({ name }) => name?.toLowerCase() === key)?.value ?? null;
  return {
    instanceId: cleanName(compute.vmId),
    hostname: cleanName(compute.osProfile?.computerName ?? compute.name),
    userData: Buffer.from(compute.userData, 'base64'),
    tags: { peers: read(tagNames.peers), cluster: read(tagNames.cluster), zone: azureZone(compute) },
  };
}

/** A zone's number means something within its region only. */
function azureZone({ location, zone }: z.infer<typeof azureSchema>): string | null {
  return zone === undefined || zone === '' ? null : `${location ?? ''}-${zone}`;
}

/** NoCloud's `meta-data`, which is YAML, and may say anything or nothing: only names for people are taken of it. */
export function readNoCloudMetadata(bytes: Uint8Array | null): Names {
  let value: unknown = null;
  try {
    value = parseDocument(Buffer.from(bytes ?? []).toString('utf8'), {
      logLevel: 'silent',
      uniqueKeys: false,
    }).toJS();
  } catch {
    // Then it names nothing.
  }
  const names = noCloudSchema.safeParse(value).data;
  return { instanceId: cleanName(names?.['instance-id']), hostname: cleanName(names?.['local-hostname']) };
}

function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    throw new MetadataError(`${what} is not the JSON that was expected`, false);
  }
}

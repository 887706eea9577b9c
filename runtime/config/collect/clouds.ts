/** What each cloud is asked over HTTP, by its own rules, and in which words. The answers are read by `answers.ts`. */
import { type PlatformData, readAzureCompute, readOpenStackMetadata } from './answers.ts';
import { cleanName } from './collected.ts';
import { MetadataError } from './metadata-error.ts';
import { askMetadata, type MetadataServer } from './metadata-http.ts';
import type { Cloud } from './platform.ts';
import { type RawTags, tagNames } from './tags.ts';

export const cloudNames: Readonly<Record<Cloud, string>> = {
  ec2: 'EC2',
  gce: 'GCE',
  azure: 'Azure',
  openstack: 'OpenStack',
};

/** Rejects with `MetadataError`. */
export function askCloud(
  cloud: Cloud,
  where: Pick<MetadataServer, 'base' | 'signal'>,
): Promise<PlatformData> {
  const server = { ...where, name: `${cloudNames[cloud]} metadata` };
  switch (cloud) {
    case 'ec2':
      return askEc2(server);
    case 'gce':
      return askGce(server);
    case 'azure':
      return askAzure(server);
    case 'openstack':
      return askOpenStack(server);
  }
}

/** Version 2 only: a session begins with a token, which an open proxy or a forged request would not get. */
async function askEc2(server: MetadataServer): Promise<PlatformData> {
  const session = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
  const tokenPath = '/latest/api/token';
  const token = (await askMetadata(server, { method: 'PUT', path: tokenPath, headers: session }))?.toString(
    'latin1',
  );
  // It becomes a header.
  if (token === undefined || !/^[\x21-\x7e]{1,1024}$/.test(token)) {
    throw new MetadataError(`${server.name}: no token from ${tokenPath}`, false);
  }
  const headers = { 'x-aws-ec2-metadata-token': token };
  const get = (path: string): Promise<Buffer | null> =>
    askMetadata(server, { path: `/latest/${path}`, headers });
  return {
    userData: await get('user-data'),
    instanceId: nameOf(await get('meta-data/instance-id')),
    hostname: nameOf(await get('meta-data/local-hostname')),
    // Without "instance tags in metadata" there are none.
    tags: await askTags({
      peers: () => get(`meta-data/tags/instance/${tagNames.peers}`),
      cluster: () => get(`meta-data/tags/instance/${tagNames.cluster}`),
      zone: () => get('meta-data/placement/availability-zone'),
    }),
  };
}

type Asked = Readonly<Record<keyof RawTags, () => Promise<Buffer | null>>>;

/** Null when one cannot be had: a configuration is worth more than hints. */
async function askTags({ peers, cluster, zone }: Asked): Promise<RawTags | null> {
  const read = async (ask: () => Promise<Buffer | null>): Promise<string | null> =>
    (await ask())?.toString('utf8') ?? null;
  try {
    return { peers: await read(peers), cluster: await read(cluster), zone: await read(zone) };
  } catch (error) {
    if (error instanceof MetadataError) return null;
    throw error;
  }
}

/** The attribute `trivet-config` is for us alone; `user-data` may be for several. */
async function askGce(server: MetadataServer): Promise<PlatformData> {
  const flavor = ['metadata-flavor', 'Google'] as const;
  const get = (path: string): Promise<Buffer | null> =>
    askMetadata(server, {
      path: `/computeMetadata/v1/instance/${path}`,
      headers: { [flavor[0]]: flavor[1] },
      answerHeader: flavor,
    });
  const own = await get('attributes/trivet-config');
  return {
    userData: own ?? (await get('attributes/user-data')),
    isForTrivet: own !== null,
    instanceId: nameOf(await get('id')),
    hostname: nameOf(await get('hostname')),
    tags: await askTags({
      peers: () => get(`attributes/${tagNames.peers}`),
      cluster: () => get(`attributes/${tagNames.cluster}`),
      // As projects/NUMBER/zones/ZONE.
      zone: async () => lastStepOf(await get('zone')),
    }),
  };
}

async function askAzure(server: MetadataServer): Promise<PlatformData> {
  const path = '/metadata/instance/compute?api-version=2021-01-01';
  const compute = await askMetadata(server, { path, headers: { metadata: 'true' } });
  if (compute === null) throw new MetadataError(`${server.name}: 404 for /metadata/instance/compute`, false);
  return readAzureCompute(compute);
}

async function askOpenStack(server: MetadataServer): Promise<PlatformData> {
  const metadata = await askMetadata(server, { path: '/openstack/latest/meta_data.json' });
  // It says so also while it does not know the machine yet.
  if (metadata === null)
    throw new MetadataError(`${server.name}: 404 for /openstack/latest/meta_data.json`, true);
  const userData = await askMetadata(server, { path: '/openstack/latest/user_data' });
  return { ...readOpenStackMetadata(metadata), userData };
}

function lastStepOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : bytes.subarray(bytes.lastIndexOf('/') + 1);
}

function nameOf(bytes: Buffer | null): string | null {
  return cleanName(bytes?.toString('utf8'));
}

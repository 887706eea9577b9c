/**
 * A disk that carries a machine's configuration, known by its label: NoCloud's and OpenStack's config drive. Whoever made
 * it is not trusted with more than saying what is in these files.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import path from 'node:path';
import { type PlatformData, readNoCloudMetadata, readOpenStackMetadata } from './answers.ts';
import { userDataLimitBytes } from './collected.ts';
import { MetadataError } from './metadata-error.ts';

export interface ConfigDisk {
  readonly kind: 'nocloud' | 'config-drive';
  readonly device: string;
}

/** In the order in which they are looked for. */
const labels: readonly (readonly [label: string, kind: ConfigDisk['kind']])[] = [
  ['cidata', 'nocloud'],
  ['config-2', 'config-drive'],
];
const mountMilliseconds = 20_000;

/** @param labelDirectory udev's links to devices by their labels. Null when there is no such disk. */
export function findConfigDisk(labelDirectory: string): ConfigDisk | null {
  const names = listDirectory(labelDirectory);
  for (const [label, kind] of labels) {
    const name = names.find((candidate) => candidate.toLowerCase() === label);
    if (name !== undefined) return { kind, device: path.join(labelDirectory, name) };
  }
  return null;
}

/** Such disks have no others, and a kernel's drivers of the others are not all made for disks of strangers. */
const fileSystems = ['iso9660', 'vfat'];

/** Mounts it read-only in `mountPoint` while `use` looks at it. Throws `MetadataError`. */
export function withMounted<Result>(
  device: string,
  mountPoint: string,
  use: (directory: string) => Result,
  types: readonly string[] = fileSystems,
): Result {
  mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  const failures: string[] = [];
  for (const type of types) {
    const failure = mount(device, mountPoint, type);
    if (failure !== null) {
      failures.push(failure);
      continue;
    }
    try {
      return use(mountPoint);
    } finally {
      spawnSync('umount', ['--lazy', mountPoint], { timeout: mountMilliseconds });
    }
  }
  throw new MetadataError(`${device} cannot be mounted: ${failures.at(-1)}`, false);
}

/** Null when it went well. */
function mount(device: string, mountPoint: string, type: string): string | null {
  const options = 'ro,nosuid,nodev,noexec';
  const run = spawnSync('mount', ['-t', type, '-o', options, device, mountPoint], {
    ...{ encoding: 'utf8', timeout: mountMilliseconds },
  });
  return run.status === 0 ? null : (run.error?.message ?? run.stderr.trim());
}

/** The content of the disk, mounted in `directory`. Throws `MetadataError`. */
export function readConfigDisk(kind: ConfigDisk['kind'], directory: string): PlatformData {
  const read = (name: string): Buffer | null => readFileWithin(directory, name);
  if (kind === 'nocloud')
    return { ...readNoCloudMetadata(read('meta-data')), userData: read('user-data'), tags: null };
  const metadata = read('openstack/latest/meta_data.json');
  if (metadata === null)
    throw new MetadataError('the config drive has no openstack/latest/meta_data.json', false);
  return { ...readOpenStackMetadata(metadata), userData: read('openstack/latest/user_data') };
}

/** Null when there is no such file. Links that lead out of the directory, pipes and endless files are refused. */
function readFileWithin(directory: string, name: string): Buffer | null {
  const refuse = (why: string): MetadataError => new MetadataError(`${name} on the disk ${why}`, false);
  let handle: number;
  try {
    const file = realpathSync(path.join(directory, name));
    if (!file.startsWith(`${realpathSync(directory)}/`)) throw refuse('leads out of the disk');
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error instanceof MetadataError ? error : refuse(`cannot be opened: ${(error as Error).message}`);
  }
  try {
    if (!fstatSync(handle).isFile()) throw refuse('is not a file');
    const bytes = Buffer.alloc(userDataLimitBytes + 1);
    let size = 0;
    for (let count = -1; count !== 0 && size < bytes.length; size += count) {
      count = readSync(handle, bytes, size, bytes.length - size, null);
    }
    if (size === bytes.length) throw refuse(`is larger than ${userDataLimitBytes / 1024} KiB`);
    return bytes.subarray(0, size);
  } catch (error) {
    throw error instanceof MetadataError ? error : refuse(`cannot be read: ${(error as Error).message}`);
  } finally {
    closeSync(handle);
  }
}

function listDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/**
 * Which disks there are and which of them may be written, from what the kernel says (`disk-facts.ts`). Pure. A disk is
 * in use when anything that lies on it is: a partition, a volume on a partition, a file that is a disk of its own.
 */

/** One entry of /sys/class/block. */
export interface BlockFacts {
  readonly name: string;
  /** Major and minor number, as in `8:0`. */
  readonly device: string;
  readonly sizeBytes: number;
  /** What the disk counts in; partition tables do too. */
  readonly sectorBytes: number;
  readonly isReadOnly: boolean;
  readonly isRemovable: boolean;
  readonly partitionOf: string | null;
  /** What a device-mapper volume or an array lies on. */
  readonly slaves: readonly string[];
  /** For a loop device: number of the file system that its file lies on. */
  readonly backingDevice: string | null;
  /** Where it hangs: the path under /sys/devices. */
  readonly sysPath: string;
  readonly model: string;
}

export interface MachineFacts {
  readonly blocks: readonly BlockFacts[];
  /** /proc/self/mountinfo and /proc/swaps. */
  readonly mountInfo: string;
  readonly swaps: string;
  /** The kernel's name for each device path that these two mention; symbolic links are followed. */
  readonly resolved: Readonly<Record<string, string>>;
  /** Devices of mounted btrfs file systems, which mountinfo names by one device only. */
  readonly pooled: readonly string[];
}

export interface Disk {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly model: string;
  readonly bus: 'USB' | 'SD/MMC' | 'loop' | 'other';
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  /** Where file systems on it are mounted, `swap`, or `btrfs`; sorted. */
  readonly uses: readonly string[];
  /** Volumes (LUKS, LVM, RAID) that are open on it. */
  readonly holders: readonly string[];
}

/** Never a target: memory, volumes on other disks, optical and floppy drives, an eMMC's own boot areas. */
const noDisks = /^(ram|zram|dm-|md|sr|fd)\d|^mmcblk\d+(boot\d|rpmb)/;
/** People mount what they plug in below these; all other places belong to the running system. */
const visitorsMounts = /^\/(media|run\/media|mnt)(\/|$)/;

export function findDisks(facts: MachineFacts): Disk[] {
  const uses = usesByBlock(facts);
  const disks = facts.blocks.filter(({ name, partitionOf }) => partitionOf === null && !noDisks.test(name));
  return disks.map((disk) => {
    const above = facts.blocks.filter((block) => liesOn(block, disk.name, facts.blocks));
    return {
      ...{ name: disk.name, path: `/dev/${disk.name}`, sizeBytes: disk.sizeBytes, model: disk.model },
      ...{
        sectorBytes: disk.sectorBytes,
        bus: busOf(disk),
        isRemovable: disk.isRemovable,
        isReadOnly: disk.isReadOnly,
      },
      uses: [...new Set(above.flatMap(({ name }) => uses.get(name) ?? []))].sort(),
      holders: above
        .filter(({ slaves }) => slaves.length > 0)
        .map(({ name }) => name)
        .sort(),
    };
  });
}

/** The disks to offer. */
export function candidates(disks: readonly Disk[]): Disk[] {
  return disks.filter((disk) => disk.bus !== 'loop' && refusalOf(disk, { force: false }) === null);
}

/** Why this disk is not written, and what to do; null when it may be. */
export function refusalOf(disk: Disk, { force }: { readonly force: boolean }): string | null {
  const { path } = disk;
  const ofSystem = disk.uses.filter((use) => !visitorsMounts.test(use));
  if (ofSystem.length > 0)
    return `${path} holds parts of the running system (${ofSystem.join(', ')}) and is never written. Name another disk.`;
  if (disk.uses.length > 0)
    return `${path} is mounted (${disk.uses.join(', ')}). Unmount it first: umount ${disk.uses.map(quoted).join(' ')}`;
  if (disk.holders.length > 0)
    return `${path} is in use by ${disk.holders.join(', ')} (an open LUKS, LVM or RAID volume). Close that first.`;
  if (disk.sizeBytes === 0) return `${path} has no medium in it. Put one in.`;
  if (disk.isReadOnly) return `${path} can only be read. A card may have a switch for it at its side.`;
  if (disk.sectorBytes !== 512)
    return `${path} has sectors of ${disk.sectorBytes} bytes; the image's partition table is for sectors of 512. Name another disk.`;
  if (!disk.isRemovable && disk.bus === 'other' && !force)
    return `${path}${disk.model ? ` (${disk.model})` : ''} is no removable disk. With --force it is written all the same.`;
  return null;
}

/** The disk that a name belongs to when the name is a partition's. */
export function diskOfPartition(facts: MachineFacts, name: string): string | null {
  return facts.blocks.find((block) => block.name === name)?.partitionOf ?? null;
}

function quoted(text: string): string {
  return /^[\w/.+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function busOf({ name, sysPath }: BlockFacts): Disk['bus'] {
  if (name.startsWith('loop')) return 'loop';
  if (/\/usb\d+\//.test(sysPath)) return 'USB';
  return /\/mmc_host\//.test(sysPath) ? 'SD/MMC' : 'other';
}

/** Whether a block device is the disk or lies on it, over any number of steps. */
function liesOn(
  block: BlockFacts,
  disk: string,
  blocks: readonly BlockFacts[],
  seen = new Set<string>(),
): boolean {
  if (block.name === disk) return true;
  if (seen.has(block.name)) return false;
  seen.add(block.name);
  const below = blocks.filter(
    ({ name, device }) =>
      name === block.partitionOf || block.slaves.includes(name) || device === block.backingDevice,
  );
  return below.some((one) => liesOn(one, disk, blocks, seen));
}

function usesByBlock(facts: MachineFacts): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>();
  const add = (name: string | undefined, use: string): void => {
    if (name !== undefined) uses.set(name, [...(uses.get(name) ?? []), use]);
  };
  const byNumber = new Map(facts.blocks.map(({ device, name }) => [device, name]));
  for (const { device, source, mountPoint } of parseMounts(facts.mountInfo)) {
    add(byNumber.get(device), mountPoint);
    // The number of btrfs and of other file systems on several disks is none of a disk.
    add(facts.resolved[source], mountPoint);
  }
  for (const source of swapSources(facts.swaps)) add(facts.resolved[source], 'swap');
  for (const name of facts.pooled) add(name, 'btrfs');
  return uses;
}

export interface Mount {
  readonly device: string;
  readonly source: string;
  readonly mountPoint: string;
}

/** proc_pid_mountinfo(5): number, parent, device, root, mount point, options, optional fields, `-`, type, source. */
export function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split('\n').flatMap((line) => {
    const words = line.split(' ');
    const separator = words.indexOf('-', 6);
    if (separator < 0) return [];
    const [, , device = '', , mountPoint = ''] = words;
    return [
      { device, mountPoint: withoutEscapes(mountPoint), source: withoutEscapes(words[separator + 2] ?? '') },
    ];
  });
}

/** Partitions and devices; a swap file lies in a file system that is mounted. */
export function swapSources(swaps: string): string[] {
  const lines = swaps.split('\n').slice(1);
  return lines
    .filter((line) => /^\S+\s+partition\b/.test(line))
    .map((line) => withoutEscapes(line.split(/\s+/)[0] ?? ''));
}

/** The kernel writes spaces and the like as a backslash and three octal digits. */
function withoutEscapes(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

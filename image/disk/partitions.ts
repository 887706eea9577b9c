/** Which partitions the disk has, where they lie, and how large the image is. Pure. */
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { backupSectors, type Partition } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { derivedUuid, slotNames } from '../plan/plan.ts';
import type { RootFileSystem } from '../root/erofs.ts';
import type { Target } from '../targets.ts';

export interface DiskLayout {
  readonly partitions: readonly Partition[];
  readonly diskSectors: number;
}

export interface DiskOptions {
  readonly architecture: Architecture;
  readonly target: Pick<Target, 'bootPartitionType'>;
  readonly espBytes: number;
  readonly slotBytes: number;
  readonly verityBytes: number;
  readonly root: Pick<RootFileSystem, 'rootHash' | 'dataBytes' | 'hashBytes'>;
}

/** Partitions start on whole mebibytes, which suits every disk. */
const alignmentSectors = 2048;

/**
 * ESP, root-a, verity-a, root-b, verity-b. The data partition is not among them: systemd-repart makes it on the device.
 * @throws BuildError when the root does not fit its slot.
 */
export function layOutDisk(options: DiskOptions): DiskLayout {
  checkFit('slot', options.slotBytes, options.root.dataBytes);
  checkFit('hash tree', options.verityBytes, options.root.hashBytes);
  const { rootPartitionType, verityPartitionType } = options.architecture;
  const wanted = [
    {
      name: 'esp',
      type: options.target.bootPartitionType,
      guid: derivedUuid('partition esp'),
      sizeBytes: options.espBytes,
    },
  ];
  for (const slot of slotNames) {
    const [rootGuid, verityGuid] = slotGuids(slot, options.root.rootHash);
    wanted.push({
      name: `root-${slot}`,
      type: rootPartitionType,
      guid: rootGuid,
      sizeBytes: options.slotBytes,
    });
    wanted.push({
      name: `verity-${slot}`,
      type: verityPartitionType,
      guid: verityGuid,
      sizeBytes: options.verityBytes,
    });
  }
  let nextLba = alignmentSectors;
  const partitions = wanted.map(({ name, type, guid, sizeBytes }) => {
    const partition = { name, type, guid, firstLba: nextLba, sectors: sizeBytes / sectorSize };
    nextLba = align(nextLba + partition.sectors);
    return partition;
  });
  return { partitions, diskSectors: align(nextLba + backupSectors) };
}

/** The Discoverable Partitions Specification: the halves of the root hash are the GUIDs of root and hash tree. */
function slotGuids(slot: (typeof slotNames)[number], rootHash: string): [string, string] {
  if (slot !== 'a') return [derivedUuid(`partition root-${slot}`), derivedUuid(`partition verity-${slot}`)];
  return [guidOf(rootHash.slice(0, 32)), guidOf(rootHash.slice(32, 64))];
}

function guidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function checkFit(what: string, room: number, needed: number): void {
  if (needed <= room) return;
  const mebibytes = (bytes: number): number => Math.ceil(bytes / (1024 * 1024));
  throw new BuildError(
    'does-not-fit',
    `The root file system's ${what} has room for ${mebibytes(room)} MiB and needs ${mebibytes(needed)} MiB: set sizes.slot in the recipe higher, leaving room for later versions.`,
  );
}

function align(lba: number): number {
  return Math.ceil(lba / alignmentSectors) * alignmentSectors;
}

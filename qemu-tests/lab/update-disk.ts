/** A disk that carries an update, as a person plugs it in: one partition of the type and name that devices look for. */
import { type FileHandle, open } from 'node:fs/promises';
import { backupSectors, encodeTable } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { updatePartitionName, updatePartitionType } from '../../runtime/updates/format.ts';

const firstLba = 2048;
const pieceBytes = 4 * 1024 * 1024;

/** Writes a raw disk to `diskFile` whose partition holds `updateFile`. */
export async function makeUpdateDisk(updateFile: string, diskFile: string): Promise<void> {
  await using update = await open(updateFile);
  await using disk = await open(diskFile, 'w');
  const sectors = Math.ceil((await update.stat()).size / sectorSize);
  const diskSectors = firstLba + sectors + backupSectors;
  const { primary, backup } = encodeTable(
    {
      diskGuid: '54524956-4554-4000-8000-000000000001',
      partitions: [
        {
          name: updatePartitionName,
          type: updatePartitionType,
          guid: '54524956-4554-4000-8000-000000000002',
          firstLba,
          sectors,
        },
      ],
    },
    diskSectors,
  );
  await disk.truncate(diskSectors * sectorSize);
  await disk.write(primary, 0, primary.length, 0);
  await copy(update, disk, firstLba * sectorSize);
  await disk.write(backup, 0, backup.length, (diskSectors - backupSectors) * sectorSize);
}

async function copy(source: FileHandle, target: FileHandle, offset: number): Promise<void> {
  const buffer = Buffer.alloc(pieceBytes);
  for (let at = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, pieceBytes, at);
    if (bytesRead === 0) return;
    await target.write(buffer, 0, bytesRead, offset + at);
    at += bytesRead;
  }
}

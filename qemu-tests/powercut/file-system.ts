/** Whether the file system on a disk's data partition is in order after its journal was replayed, as e2fsck judges. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { decodeTable, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorBytes } from './layout.ts';

/** Exit codes of e2fsck(8): 1 means that it corrected what a journal or an interrupted deletion leaves behind. */
const corrected = 1;

/** What is wrong, or null. `scratchFile` is overwritten and removed; the disk stays as it is. */
export function checkFileSystem(diskFile: string, scratchFile: string): string | null {
  const start = Buffer.alloc(primarySectors * sectorBytes);
  const descriptor = openSync(diskFile, 'r');
  readSync(descriptor, start, 0, start.length, 0);
  closeSync(descriptor);
  const data = decodeTable(start).partitions.find(({ name }) => name === 'data');
  // Before the first boot has got that far there is none.
  if (data === undefined) return null;
  try {
    const [from, bytes] = [data.firstLba * sectorBytes, data.sectors * sectorBytes];
    const copy = [`if=${diskFile}`, `of=${scratchFile}`, 'bs=1M', 'conv=sparse', 'status=none'];
    spawnSync('dd', [...copy, 'iflag=skip_bytes,count_bytes', `skip=${from}`, `count=${bytes}`]);
    const repaired = fsck(['-p', scratchFile]);
    if (repaired.code > corrected) return `e2fsck -p ended with ${repaired.code}: ${repaired.said}`;
    const checked = fsck(['-f', '-n', scratchFile]);
    return checked.code === 0 ? null : `e2fsck -fn ended with ${checked.code}: ${checked.said}`;
  } finally {
    rmSync(scratchFile, { force: true });
  }
}

function fsck(words: readonly string[]): { code: number; said: string } {
  const run = spawnSync('e2fsck', words, { encoding: 'utf8' });
  if (run.error)
    throw new Error(`e2fsck cannot be started (apt-get install e2fsprogs): ${run.error.message}`);
  return { code: run.status ?? -1, said: `${run.stdout}${run.stderr}`.trim() };
}

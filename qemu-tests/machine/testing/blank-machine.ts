/** A machine whose disk holds nothing to boot: its firmware runs, which is all that tests of the power button need. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openImage } from '../image.ts';
import { Machine } from '../machine.ts';
import { diskStart } from './disk-start.ts';

export async function createBlankMachine(directory: string): Promise<Machine> {
  const file = path.join(directory, 'blank.raw');
  writeFileSync(file, Buffer.concat([diskStart()], 1024 * 1024));
  return await Machine.create({
    ...{ name: 'n1', directory, image: openImage(file), memoryMebibytes: 128, diskBytes: 0, direct: false },
    ...{ networkSocket: null, macAddress: '52:54:00:00:00:01' },
  });
}

/** Writes what an image is made of beside it: two bills of materials, and the origin of every file. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BillInput, makeBill } from './components.ts';
import { formatCycloneDx } from './cyclonedx.ts';
import type { FileRecord } from './provenance.ts';
import { formatSpdx } from './spdx.ts';

export interface BillFiles {
  readonly spdx: string;
  readonly cyclonedx: string;
  readonly files: string;
}

export function billNames(fileName: string): BillFiles {
  return {
    spdx: `${fileName}.spdx.json`,
    cyclonedx: `${fileName}.cdx.json`,
    files: `${fileName}.files.json`,
  };
}

export async function writeBills(
  directory: string,
  input: BillInput,
  records: readonly FileRecord[],
): Promise<void> {
  const bill = makeBill(input);
  const names = billNames(input.image.fileName);
  await writeFile(path.join(directory, names.spdx), formatSpdx(bill));
  await writeFile(path.join(directory, names.cyclonedx), formatCycloneDx(bill));
  // A line a file: such a list is searched and compared as text.
  const lines = records.map((record) => JSON.stringify(record)).join(',\n');
  await writeFile(path.join(directory, names.files), `[\n${lines}\n]\n`);
}

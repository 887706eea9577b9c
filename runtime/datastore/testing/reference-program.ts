/** Debian's programs that ours are held against, or that ask ours. */
import { existsSync } from 'node:fs';
import path from 'node:path';

const checkout = path.resolve(import.meta.dirname, '../../..');

/** @throws Error that says what to run when the program is not there. */
export function referenceProgram(name: 'etcd' | 'etcdctl' | 'kubectl'): string {
  const directory = process.env.TRIVET_REFERENCE_TOOLS ?? path.join(checkout, 'out/reference-tools');
  const file = path.join(directory, name);
  if (existsSync(file)) return file;
  throw new Error(`${file} is missing. Run this first: sh image/host/prepare.sh datastore`);
}

/** The directories a root file system has although nothing of it lies in them, and the links of merged /usr. */
import { placeDirectory, placeLink } from './place.ts';

/** Directories that others are mounted on, or that must be there empty; their modes. */
const directories: Readonly<Record<string, number>> = {
  dev: 0o755,
  efi: 0o755,
  'etc/systemd/system': 0o755,
  home: 0o755,
  mnt: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  var: 0o755,
};
const mergedDirectories = ['bin', 'sbin', 'lib', 'lib64'];

export async function placeSkeleton(tree: string): Promise<void> {
  for (const [name, mode] of Object.entries(directories)) await placeDirectory(tree, name, mode);
  for (const name of mergedDirectories) await placeLink(tree, name, `usr/${name}`);
}

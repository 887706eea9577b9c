/** Turns a tree into an erofs file system and its dm-verity hash tree. */
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { runTool, type Tools } from '../tools/tools.ts';

export interface RootFileSystem {
  readonly dataFile: string;
  readonly hashFile: string;
  readonly dataBytes: number;
  readonly hashBytes: number;
  /** What the whole file system hashes to, and with which salt. */
  readonly rootHash: string;
  readonly salt: string;
  /** The erofs file system's own. */
  readonly uuid: string;
}

/** dm-verity's block size for data and hashes, and erofs's. */
export const verityBlockSize = 4096;

export interface RootFileSystemOptions {
  readonly tools: Tools;
  readonly tree: string;
  readonly outputDirectory: string;
  /** Both follow from what goes in, so that one input gives one image and two images never share them. */
  readonly uuid: string;
  readonly salt: string;
}

export async function makeRootFileSystem(options: RootFileSystemOptions): Promise<RootFileSystem> {
  const { tools, uuid, salt } = options;
  const dataFile = path.join(options.outputDirectory, 'root.erofs');
  const hashFile = path.join(options.outputDirectory, 'root.verity');
  await runTool(tools, 'mkfs.erofs', [
    ...['-zlz4hc,level=9', '-C16384', `-T${tools.sourceDateEpoch}`, `-U${uuid}`],
    // Ownership and extended attributes of the build machine do not go in.
    ...['--all-root', '-x-1', '--quiet', dataFile, options.tree],
  ]);
  const rootHashFile = path.join(options.outputDirectory, 'root.hash');
  await rm(hashFile, { force: true });
  await runTool(tools, 'veritysetup', [
    ...['format', '--hash=sha256', `--salt=${salt}`, `--uuid=${uuid}`],
    ...[`--data-block-size=${verityBlockSize}`, `--hash-block-size=${verityBlockSize}`],
    ...[`--root-hash-file=${rootHashFile}`, dataFile, hashFile],
  ]);
  return {
    dataFile,
    hashFile,
    dataBytes: (await stat(dataFile)).size,
    hashBytes: (await stat(hashFile)).size,
    rootHash: (await readFile(rootHashFile, 'utf8')).trim(),
    salt,
    uuid,
  };
}

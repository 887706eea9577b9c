/** Reads the API packages below a Go source tree: those with a `generated.proto`, which say what goes over the wire. */
import { globSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GoPackage } from './declarations.ts';
import { parseGoFile } from './parse.ts';

/** Files that declare API types; the others have functions for them. */
const wantedFiles = new Set(['types.go', 'doc.go', 'group_version.go', 'watch.go', 'time_proto.go']);
/** Others are of a few types with an encoding of their own; `testapigroup` is upstream's own test. */
const wantedPackages = /^k8s\.io\/(api|metrics|apimachinery\/pkg\/apis)\/(?!testapigroup)/;

/** @param root the directory that holds `k8s.io/`. Sorted by path. */
export async function readGoPackages(root: string): Promise<readonly GoPackage[]> {
  const directories = globSync('k8s.io/**/generated.proto', { cwd: root }).map((file) => path.dirname(file));
  const wanted = directories.filter((directory) => wantedPackages.test(directory)).sort();
  return Promise.all(wanted.map((directory) => readGoPackage(root, directory)));
}

async function readGoPackage(root: string, directory: string): Promise<GoPackage> {
  const names = (await readdir(path.join(root, directory))).filter((name) => name.endsWith('.go')).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(root, directory, name), 'utf8')));
  const files = names.flatMap((name, index) =>
    wantedFiles.has(name) ? [parseGoFile(texts[index]!, directory, `${directory}/${name}`)] : [],
  );
  const group = /^\/\/ \+groupName=(\S*)$/m.exec(texts[names.indexOf('doc.go')] ?? '')?.[1];
  return {
    path: directory,
    // The core group has no name, and some of its packages no marker.
    group: group ?? (/\/v\d\w*$/.test(directory) ? groupOf(texts) : null),
    types: new Map(files.flatMap((file) => file.types)),
    constants: files.flatMap((file) => file.constants),
  };
}

function groupOf(texts: readonly string[]): string | null {
  return (
    texts.map((text) => /^const GroupName = "(.*)"$/m.exec(text)?.[1]).find((name) => name !== undefined) ??
    null
  );
}

/** The root file system of one image: the base, the executable, and what the recipe adds. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import type { ImagePlan } from '../plan/plan.ts';
import type { RecipeFile } from '../recipe/schema.ts';
import { runTool, type Tools } from '../tools/tools.ts';
import { addCertificates } from './certificates.ts';
import { addCopyrights, type PackageSource } from './copyrights.ts';
import { addLibraries } from './libraries.ts';
import { placeCopy, placeLink, placeText } from './place.ts';
import { listTree } from './select.ts';
import { placeSkeleton } from './skeleton.ts';

export interface ComposeOptions {
  readonly plan: ImagePlan;
  /** `/usr/lib/trivet/image.json`. */
  readonly description: string;
  readonly tools: Tools;
  /** The finished base tree. */
  readonly base: string;
  /** The base packages, unpacked: a source of libraries. */
  readonly packageTree: string;
  /** The recipe's extra packages and what they need beside the base, unpacked; null when there are none. */
  readonly extraTree: string | null;
  /** What is installed of which tree: all of the above, by name. */
  readonly sources: readonly PackageSource[];
  readonly binary: string;
  /** The licences of what is in the executable. */
  readonly licensesText: string;
  readonly output: string;
}

const documentation = /^usr\/share\/(doc|man|info|lintian|locale|bash-completion|bug)\b/;

/** Fills `output`, which must not exist; large files in it are links into the cache and must not be changed. */
export async function composeRoot(options: ComposeOptions): Promise<void> {
  const { plan, output, base } = options;
  await copyTree(base, output, await listTree(base));
  await placeSkeleton(output);
  if (options.extraTree !== null) await addExtraPackages(options, options.extraTree);
  await placeCopy(output, 'usr/bin/trivet', options.binary, { shared: true });
  await addLibraries(output, ['usr/bin/trivet'], [options.packageTree], plan.architecture);
  await addCopyrights(output, options.sources);
  await placeText(output, 'usr/share/doc/trivet/copyright', options.licensesText);
  await placeText(output, 'usr/lib/trivet/image.json', options.description);
  await placeText(output, 'usr/lib/os-release', plan.osRelease);
  await placeLink(output, 'etc/os-release', '../usr/lib/os-release');
  for (const file of plan.settings) {
    await placeText(output, file.path.slice(1), file.content, file.mode);
  }
  for (const { path: link, target } of plan.links) await placeLink(output, link.slice(1), target);
  await addCertificates(output, plan.certificates);
  for (const file of plan.files) await placeRecipeFile(output, file);
  for (const unit of plan.enabledUnits) await enableUnit(output, unit);
  await placeText(output, 'etc/trivet/config.yaml', plan.configuration, 0o600);
}

async function copyTree(source: string, target: string, files: readonly string[]): Promise<void> {
  for (const file of files) await placeCopy(target, file, path.join(source, file), { shared: true });
}

/** Extra packages go in whole, but for their documentation; the users they declare are made. */
async function addExtraPackages(options: ComposeOptions, extraTree: string): Promise<void> {
  const { output, plan } = options;
  const files = (await listTree(extraTree)).filter((file) => !documentation.test(file));
  await copyTree(extraTree, output, files);
  await addLibraries(output, files, [options.packageTree], plan.architecture);
  if (!files.some((file) => file.startsWith('usr/lib/sysusers.d/'))) return;
  for (const file of ['etc/passwd', 'etc/group', 'etc/shadow']) {
    // The tool rewrites these; what it starts from is shared with the cache.
    await placeText(output, file, await readFile(path.join(output, file), 'utf8'));
  }
  await runTool(options.tools, 'systemd-sysusers', [`--root=${output}`]);
  await placeText(output, 'etc/shadow', await readFile(path.join(output, 'etc/shadow'), 'utf8'), 0o600);
}

async function enableUnit(tree: string, unit: string): Promise<void> {
  const template = unit.replace(/@.*\./, '@.');
  const files = new Set(await listTree(path.join(tree, 'usr/lib/systemd/system')));
  if (!files.has(template)) {
    throw new BuildError(
      'recipe',
      `enable: no package of this image has the unit ${unit} in /usr/lib/systemd/system: add the package that has it to "packages".`,
    );
  }
  await placeLink(tree, `usr/lib/systemd/system/multi-user.target.wants/${unit}`, `../${template}`);
}

/** Files have their content by now (recipe/resolve.ts). */
async function placeRecipeFile(tree: string, file: RecipeFile): Promise<void> {
  const content = file.content ?? Buffer.from(file.base64 ?? '', 'base64');
  await placeText(tree, file.path.slice(1), content, Number.parseInt(file.mode, 8));
}

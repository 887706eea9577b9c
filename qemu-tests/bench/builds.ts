/** Sizes of all images, and times to build one: cold, again, and after a change in the agent alone. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openCache } from '../../image/cache/cache.ts';
import { buildImages } from '../recipe-images.ts';
import { buildRecipe, readBuildReport } from '../trivet-command.ts';
import type { BuildTimes, ImageSizes } from './results.ts';

/** What is fetched over the network; a cold build has this and nothing else. */
const fetchedStages = ['apt', 'packages'];
/** What a build reads of a checkout. */
const sources = ['image', 'runtime', 'qemu-tests', 'recipes', 'package.json', 'package-lock.json', 'LICENSE'];
/** A change of one text in the agent, as a developer's next build would have it. */
const change = {
  file: 'runtime/agent/core.ts',
  from: "'node agent started'",
  to: "'node agent has started'",
};

/** Builds each recipe with the usual cache. */
export async function measureSizes(
  recipes: readonly string[],
  say: (line: string) => void,
): Promise<ImageSizes[]> {
  const sizes: ImageSizes[] = [];
  for (const recipe of recipes) {
    say(`${recipe}: building`);
    for (const { name, image } of await buildImages(recipe)) {
      const { zst, update } = readBuildReport(path.dirname(image.file)).sizesBytes;
      sizes.push({ image: name, compressedBytes: zst, updateBytes: update });
    }
  }
  return sizes;
}

/** Of one recipe, in a cache of its own that starts with nothing but what comes over the network. */
export async function measureBuilds(recipe: string, say: (line: string) => void): Promise<BuildTimes> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'trivet-bench-'));
  const usual = process.env.XDG_CACHE_HOME;
  const outputDirectory = path.join(scratch, 'out');
  const build = async (how: string, checkout?: string): Promise<number> => {
    say(`${recipe}: building ${how}`);
    await buildRecipe(recipe, {
      outputDirectory,
      quiet: true,
      ...(checkout === undefined ? {} : { checkout }),
    });
    const { seconds } = readBuildReport(outputDirectory);
    say(`${seconds.toFixed(1)} s`);
    return seconds;
  };
  try {
    for (const stage of fetchedStages) {
      const target = path.join(scratch, 'cache/trivet', stage);
      await cp(path.join(openCache().directory, stage), target, { recursive: true });
    }
    process.env.XDG_CACHE_HOME = path.join(scratch, 'cache');
    const coldSeconds = await build('with an empty cache, but for what is fetched');
    const warmSeconds = await build('again');
    const changed = await changedCheckout(path.join(scratch, 'checkout'));
    return {
      coldSeconds,
      warmSeconds,
      changedAgentSeconds: await build('after a change in the agent', changed),
    };
  } finally {
    if (usual === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = usual;
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function changedCheckout(directory: string): Promise<string> {
  const own = path.resolve(import.meta.dirname, '../..');
  for (const name of sources) await cp(path.join(own, name), path.join(directory, name), { recursive: true });
  symlinkSync(path.join(own, 'node_modules'), path.join(directory, 'node_modules'));
  const file = path.join(directory, change.file);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(change.from)) throw new Error(`${change.file} has changed: it holds no ${change.from}`);
  writeFileSync(file, text.replace(change.from, change.to));
  return directory;
}

/** Everything from Debian that a build needs, resolved or taken from a lock file, fetched and unpacked. */

import { findToolchain } from '../binary/static/toolchain.ts';
import type { Cache } from '../cache/cache.ts';
import { checkout } from '../checkout.ts';
import type { ImagePlan } from '../plan/plan.ts';
import { hostArchitecture, toolPackages } from '../tools/tools.ts';
import { openApt, updateLists } from './apt.ts';
import { fetchPackages } from './fetch.ts';
import { checkLockAgainst, type Lock, packagesBeyond, readLock, readNpmInputs } from './lock.ts';
import { resolvePackages } from './resolve.ts';
import { unpackPackages } from './unpack.ts';

export interface InputOptions {
  readonly plan: ImagePlan;
  readonly cache: Cache;
  /** Takes exactly what it names instead of resolving. */
  readonly lockFile: string | null;
  readonly offline: boolean;
}

/** The lock lacks what is only known later in the build. */
export type InputLock = Omit<Lock, 'node' | 'kernel'>;

export interface Inputs {
  readonly lock: InputLock;
  /** How many packages were not in the cache. */
  readonly fetched: number;
  /** Unpacked trees in the cache. */
  readonly packageTree: string;
  readonly extraTree: string | null;
  readonly toolTree: string;
}

export async function provideInputs(options: InputOptions): Promise<Inputs> {
  const { cache, offline } = options;
  const lock =
    options.lockFile === null ? await resolveAll(options) : await takeFrom(options.lockFile, options.plan);
  const fetched =
    (await fetchPackages(cache, [...lock.base, ...lock.extra], {
      offline,
      apt: () => openApt(cache, options.plan.architecture.debian, options.plan.components),
    })) +
    (await fetchPackages(cache, lock.tools, { offline, apt: () => openApt(cache, hostArchitecture.debian) }));
  return {
    lock,
    fetched,
    packageTree: await unpackPackages(cache, lock.base),
    extraTree: lock.extra.length === 0 ? null : await unpackPackages(cache, lock.extra),
    toolTree: await unpackPackages(cache, lock.tools),
  };
}

async function resolveAll({ plan, cache, offline }: InputOptions): Promise<InputLock> {
  const target = await openApt(cache, plan.architecture.debian, plan.components);
  await updateLists(target, offline);
  const base = await resolvePackages(target, cache, plan.basePackages);
  const all =
    plan.extraPackages.length === 0
      ? base
      : await resolvePackages(target, cache, [...plan.basePackages, ...plan.extraPackages]);
  const host = await openApt(cache, hostArchitecture.debian);
  await updateLists(host, offline);
  const tools = await resolvePackages(host, cache, toolPackages);
  return {
    format: 1,
    image: { name: plan.name, version: plan.version, architecture: plan.architecture.name },
    base: [...base],
    extra: [...packagesBeyond(all, base)],
    tools: [...tools],
    npm: await readNpmInputs(checkout, plan.architecture),
    toolchain: [...(await findToolchain(plan.architecture)).identity],
  };
}

async function takeFrom(file: string, plan: ImagePlan): Promise<InputLock> {
  const lock = await readLock(file);
  const image = { name: plan.name, version: plan.version, architecture: plan.architecture.name };
  const npm = await readNpmInputs(checkout, plan.architecture);
  const toolchain = [...(await findToolchain(plan.architecture)).identity];
  checkLockAgainst(lock, { image, npm, toolchain }, file);
  const { node: _node, kernel: _kernel, ...inputs } = lock;
  return { ...inputs, image };
}

/** Whether this machine takes this update, as a pure function of what the update says and how the machine is. */
import type { BootState } from './boot-state.ts';
import type { ImageFacts } from './device.ts';
import { partOf, type UpdateManifest } from './format.ts';
import { UpdateError } from './update-error.ts';
import { compareVersions } from './version-order.ts';

export interface InstallObservation {
  readonly image: ImageFacts;
  readonly boot: BootState;
  /** Sizes of the partitions of the slot that does not run. */
  readonly rootBytes: number;
  readonly verityBytes: number;
  /** Room on the boot partition once the other slot's kernel image and device trees are removed. */
  readonly bootPartitionBytes: number;
  /** What a file on the boot partition takes is a multiple of this. */
  readonly clusterBytes: number;
  /** Try a version again that has failed here. */
  readonly retry: boolean;
}

export type InstallDecision =
  | { readonly kind: 'install' }
  /** It runs already. */
  | { readonly kind: 'running' }
  /** It is in the other slot, whole, and waits for the next start. */
  | { readonly kind: 'pending' };

/** For the directories that files lie in. */
const directoryBytes = 64 * 1024;

/** Throws `UpdateError` that says why not, and what to do. */
export function decideInstall(manifest: UpdateManifest, observation: InstallObservation): InstallDecision {
  const { image, boot } = observation;
  requireSameDevice(manifest, image);
  const order = compareVersions(manifest.version, image.version);
  if (order === 0) return { kind: 'running' };
  if (order < 0) {
    throw new UpdateError(
      'notNewer',
      `It has version ${manifest.version}, and ${image.version} runs, which is newer. The boot loader starts the newest version: build the older system with a higher version to go back to it.`,
    );
  }
  if (boot.running.state === 'trial') {
    throw new UpdateError(
      'onTrial',
      `Version ${image.version} is itself on trial, and the other slot holds what to go back to. Install ${manifest.version} when the trial is over (trivet update status).`,
    );
  }
  if (boot.other.version === manifest.version && !observation.retry) {
    if (boot.other.state === 'trial') return { kind: 'pending' };
    if (boot.other.state === 'failed') {
      throw new UpdateError(
        'failedBefore',
        `Version ${manifest.version} was tried on this machine, did not become healthy, and was given up. To try it again: trivet update install --retry`,
      );
    }
  }
  requireRoom(manifest, observation);
  return { kind: 'install' };
}

function requireSameDevice(manifest: UpdateManifest, image: ImageFacts): void {
  for (const field of ['name', 'architecture', 'target'] as const) {
    if (manifest[field] === image[field]) continue;
    throw new UpdateError(
      'otherDevice',
      `It is for machines with the ${field} "${manifest[field]}"; this one has "${image[field]}". Build it from the recipe of this machine's image.`,
    );
  }
}

function requireRoom(manifest: UpdateManifest, observation: InstallObservation): void {
  for (const [kind, what, room] of [
    ['root', 'root file system', observation.rootBytes],
    ['verity', 'hash tree', observation.verityBytes],
  ] as const) {
    const needed = partOf(manifest, kind).sizeBytes;
    if (needed <= room) continue;
    throw new UpdateError(
      'doesNotFit',
      `Its ${what} needs ${mebibytes(needed)} MiB, and the slot has ${mebibytes(room)} MiB. Slots keep the size they were made with: leave something out of the recipe, or write a new image to the disk.`,
    );
  }
  const needed = bootPartitionNeed(manifest, observation.clusterBytes);
  if (needed <= observation.bootPartitionBytes) return;
  throw new UpdateError(
    'doesNotFit',
    `The boot partition is full: the kernel image and its files need ${mebibytes(needed)} MiB, and ${mebibytes(observation.bootPartitionBytes)} MiB are there. Remove what does not belong there.`,
  );
}

function bootPartitionNeed(manifest: UpdateManifest, clusterBytes: number): number {
  const files = manifest.parts.filter(({ kind }) => kind === 'kernel' || kind === 'file');
  const clusters = files.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / clusterBytes), 0);
  return clusters * clusterBytes + directoryBytes;
}

function mebibytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1);
}

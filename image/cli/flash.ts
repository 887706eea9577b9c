/** `trivet flash IMAGE [DEVICE]`: which disk, checks, a question, then the image onto it, with progress. */

import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { type BootConfig, readBootConfig } from '../flash/boot-config.ts';
import { type CheckedImage, checkImage } from '../flash/check-image.ts';
import { choosePlace, type Place } from '../flash/choose-place.ts';
import { readMachineFacts } from '../flash/disk-facts.ts';
import { candidates, type Disk, findDisks } from '../flash/disks.ts';
import { type FlashResult, flashImage } from '../flash/flash.ts';
import { type ImageSource, openImage } from '../flash/image-source.ts';
import { openTarget } from '../flash/target.ts';
import { FlashProgress, sizeText } from './flash-progress.ts';
import { askOnTerminal } from './terminal.ts';

export interface FlashCommandOptions {
  readonly image: string;
  readonly device: string | undefined;
  readonly config: string | undefined;
  readonly yes: boolean;
  readonly force: boolean;
  readonly create: boolean;
  readonly json: boolean;
}

export async function flashCommand(options: FlashCommandOptions): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await flash(options, stop.signal);
  } catch (error) {
    if (error instanceof BuildError || !stop.signal.aborted) throw error;
    throw new BuildError('interrupted', 'Stopped. Nothing was written.', { cause: error });
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}

async function flash(options: FlashCommandOptions, signal: AbortSignal): Promise<void> {
  const source = await openImage(options.image);
  const device = options.device ?? (await chooseDisk(options, signal));
  if (device === null) return;
  const place = await choosePlace({ ...options, device, imageFile: source.file });
  const config = await bootConfig(options.config, source.file);
  const startedAt = performance.now();
  const progress = new FlashProgress(process.stderr);
  const checked = await check(source, signal, progress);
  progress.end();
  if (!options.yes) await confirm(source, place, checked, signal);
  const result = await flashImage({
    ...{ source, config, signal, map: checked?.map ?? null, targetPath: place.path },
    openTarget: (imageBytes) => openTarget({ ...place, createBytes: place.isNew ? imageBytes : null }),
    onProgress: (phase, done, total) => progress.show(phase, done, total),
  }).finally(() => progress.end());
  const seconds = (performance.now() - startedAt) / 1000;
  report(options, place, checked, result, seconds);
}

function bootConfig(file: string | undefined, imageFile: string | null): Promise<BootConfig> | null {
  return file === undefined ? null : readBootConfig(file, imageFile, openCache());
}

/** What comes from a pipe can be looked at only while it is written. */
async function check(
  source: ImageSource,
  signal: AbortSignal,
  progress: FlashProgress,
): Promise<CheckedImage | null> {
  if (source.file === null) return null;
  return checkImage(source, source.file, signal, (done, total) => progress.show('checking', done, total));
}

/** Shows the disks that may be written, and asks. @returns null when showing was all. */
async function chooseDisk({ json }: FlashCommandOptions, signal: AbortSignal): Promise<string | null> {
  const disks = candidates(findDisks(await readMachineFacts()));
  if (json) {
    process.stdout.write(`${JSON.stringify(disks, null, 2)}\n`);
    return null;
  }
  if (disks.length === 0)
    throw new BuildError(
      'device',
      'There is no removable disk or card that may be written. Plug one in and unmount it, or name a DEVICE (see: trivet flash --help).',
    );
  process.stderr.write(disks.map((disk, index) => `  ${index + 1}  ${describeDisk(disk)}\n`).join(''));
  const answer = await askOnTerminal(
    `Which one (1${disks.length > 1 ? ` to ${disks.length}` : ''})? `,
    signal,
    'name DEVICE',
  );
  const chosen = /^\d+$/.test(answer) ? disks[Number(answer) - 1] : disks.find(({ path }) => path === answer);
  if (chosen === undefined) throw new BuildError('interrupted', 'None was chosen. Nothing was written.');
  return chosen.path;
}

function describeDisk({ path, bus, model, sizeBytes }: Disk): string {
  return `${path.padEnd(14)} ${sizeText(sizeBytes).padStart(10)}  ${bus.padEnd(6)} ${model}`.trimEnd();
}

async function confirm(
  source: ImageSource,
  place: Place,
  checked: CheckedImage | null,
  signal: AbortSignal,
): Promise<void> {
  const image = checked === null ? source.name : `${source.name} (${sizeText(checked.imageBytes)})`;
  const loss = place.isNew ? '' : ' What is on it is lost.';
  const question = `Write ${image} to ${place.description}?${loss} Type yes: `;
  const answer = await askOnTerminal(question, signal, 'give --yes');
  if (answer !== 'yes') throw new BuildError('interrupted', 'The answer was not yes. Nothing was written.');
}

function report(
  options: FlashCommandOptions,
  place: Place,
  checked: CheckedImage | null,
  result: FlashResult,
  seconds: number,
): void {
  const checkedBy = checked?.checkedBy ?? [];
  if (options.json) {
    const device = place.path;
    const facts = { device, ...result, checkedBy, config: options.config ?? null, seconds };
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  const how = result.isReadFromMedium
    ? 'read back from it'
    : "read back, but from this machine's cache: its file system knows no direct reads,";
  process.stdout.write(
    [
      `${place.path}: ${sizeText(result.writtenBytes)} written, ${sizeText(result.comparedBytes)} ${how} and found equal, in ${seconds.toFixed(1)} s`,
      ...(checkedBy.length > 0 ? [`The image fits its ${checkedBy.join(' and its ')}.`] : []),
      ...(options.config === undefined ? [] : [`${options.config} is trivet.yaml on the boot partition.`]),
      '',
    ].join('\n'),
  );
}

/**
 * One machine from power-on until it does its work: ours until its agent is healthy, a stock Debian of the same kernel until
 * it has reached multi-user.target. By the same firmware and boot loader, each with an empty disk, in turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitUntil } from '../lab/wait.ts';
import { Machine } from '../machine/machine.ts';
import type { RecipeImage } from '../recipe-images.ts';
import { startAlone } from '../targets/alone.ts';
import { readBuildReport } from '../trivet-command.ts';
import type { PowerOn } from './results.ts';
import { makeStockDebian, type StockDebian, stockHasFailed, stockIsUp } from './stock-debian.ts';

const limitSeconds = 900;
const memoryMebibytes = 512;
/** Both get an address by DHCP, as a cloud gives it, from a network that leads nowhere. */
const ownNetwork = true;

export async function measurePowerOn(
  subject: RecipeImage,
  runs: number,
  say: (line: string) => void,
): Promise<PowerOn> {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  try {
    say('making a stock Debian');
    const stock = await makeStockDebian(path.join(directory, 'stock'));
    const own = readBuildReport(path.dirname(subject.image.file)).kernelVersion;
    if (own !== stock.kernelVersion)
      throw new Error(
        `the kernels differ: ${own} in the image, ${stock.kernelVersion} in the stock system; build again`,
      );
    const trivetSeconds: number[] = [];
    const stockSeconds: number[] = [];
    for (let run = 1; run <= runs; run += 1) {
      trivetSeconds.push(await startAlone(subject, directory, { name: `trivet-${run}`, ownNetwork }));
      stockSeconds.push(await startStock(stock, directory, run));
      say(
        `power-on ${run}: Trivet ${trivetSeconds.at(-1)!.toFixed(1)} s, Debian ${stockSeconds.at(-1)!.toFixed(1)} s`,
      );
    }
    const { kernelVersion, packages } = stock;
    return { trivetSeconds, stockSeconds, stock: { kernelVersion, packages } };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startStock(stock: StockDebian, directory: string, run: number): Promise<number> {
  const machine = await Machine.create({
    ...{ name: `stock-${run}`, directory, image: stock.image, memoryMebibytes, direct: false, ownNetwork },
    ...{ diskBytes: 2 * 1024 ** 3, networkSocket: null, macAddress: '52:54:00:00:00:01' },
  });
  try {
    const startedAt = performance.now();
    await machine.powerOn();
    const what = 'the stock system has reached multi-user.target';
    await waitUntil({ what, limitSeconds, report: () => machine.report() }, async () =>
      machine.console.lines.some((line) => stockIsUp.test(line)) ? true : null,
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const failed = machine.console.lines.find((line) => stockHasFailed.test(line));
    if (failed !== undefined)
      throw new Error(`the stock system did not come up whole: ${failed}\n${machine.report()}`);
    return seconds;
  } finally {
    await machine.close();
  }
}

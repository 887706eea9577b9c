/**
 * The Raspberry Pi's image as the SD card of QEMU's board `raspi3b`: the board's own u-boot, device tree, serial port and
 * SD controller, which `virt` has not. QEMU gives u-boot and device tree to the board itself, in place of the
 * Raspberry Pi's closed firmware; both come off the card.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { waitUntil } from '../lab/wait.ts';
import { ConsoleLog } from '../machine/console-log.ts';
import { buildRecipe } from '../trivet-command.ts';

export const boardRecipe = 'recipes/raspberry-pi-4.yaml';

/**
 * What the image has otherwise than the recipe says. The board restarts as soon as its watchdog is told to count, and its
 * display is nothing that a program could read.
 */
export const boardDifferences =
  'the watchdog driver bcm2835_wdt is switched off (QEMU restarts the board when it is started; softdog serves instead), and the last console is the serial port';
const variant = (recipe: string): string => `extends: ${recipe}
console: [tty0, "ttyS1,115200"]
kernel: { commandLine: "initcall_blacklist=bcm2835_wdt_driver_init systemd.show_status=1 loglevel=6" }
`;

/** `boot.scr` names the kernel image that it starts, the initrd and systemd speak on the console. */
const stages = [
  { reached: 'u-boot', line: /^MMC: +mmc@/ },
  { reached: 'the slot’s kernel image', line: /Booting \/EFI.Linux.trivet-a\.efi/ },
  { reached: 'Linux', line: /\[ *\d+\.\d{6}\] / },
  { reached: 'systemd on the verified root', line: /Welcome to .*Trivet/ },
  { reached: 'the data partition', line: /Mounted .*var\.mount/ },
  // Its driver is found by the device tree alone, as that of the Raspberry Pi 4's Ethernet is.
  { reached: 'the USB controller', line: /dwc2 [0-9a-f]+\.usb: / },
  { reached: 'the agent', line: /node agent started/ },
] as const;

const files = { uBoot: 'u-boot.bin', deviceTree: 'bcm2837-rpi-3-b.dtb' } as const;
/** A card's size is a power of two. */
const cardBytes = 2 * 1024 ** 3;
/** Where the boot partition starts; see image/disk/partitions.ts. */
const bootPartitionOffset = 2048 * sectorSize;
/** The emulated card gives one to ten megabytes a second. */
const limitSeconds = 900;

export interface BoardResult {
  /** Seconds from power-on, of each stage. */
  readonly stages: readonly { readonly reached: string; readonly seconds: number }[];
}

/** Rejects with the stage that did not come, and the console. */
export async function startBoard(directory: string): Promise<BoardResult> {
  mkdirSync(directory, { recursive: true });
  const recipe = path.join(directory, 'raspi3b.yaml');
  writeFileSync(recipe, variant(path.relative(directory, path.resolve(boardRecipe))));
  const image = await buildRecipe(recipe, { outputDirectory: path.join(directory, 'out'), quiet: true });
  const card = path.join(directory, 'card.raw');
  runProgram('cp', ['--sparse=always', image, card]);
  runProgram('truncate', ['-s', String(cardBytes), card]);
  for (const name of Object.values(files)) {
    const target = path.join(directory, name);
    rmSync(target, { force: true });
    runProgram('mcopy', ['-n', '-i', `${card}@@${bootPartitionOffset}`, `::${name}`, target]);
  }
  try {
    return await watchBoard(directory, card);
  } finally {
    rmSync(card, { force: true });
  }
}

async function watchBoard(directory: string, card: string): Promise<BoardResult> {
  const log = new ConsoleLog(path.join(directory, 'raspi3b.console'));
  log.powerOn();
  const reached: { reached: string; seconds: number }[] = [];
  const startedAt = performance.now();
  log.onLine((line) => {
    for (const stage of stages)
      if (stage.line.test(line) && !reached.some((one) => one.reached === stage.reached))
        reached.push({ reached: stage.reached, seconds: (performance.now() - startedAt) / 1000 });
  });
  const qemu = [
    ...['-M', 'raspi3b', '-nodefaults', '-display', 'none', '-monitor', 'none'],
    ...['-kernel', path.join(directory, files.uBoot), '-dtb', path.join(directory, files.deviceTree)],
    ...['-drive', `if=sd,format=raw,file=${card}`],
    // The board's first port belongs to Bluetooth; its console is the second.
    ...['-serial', 'null', '-serial', 'stdio'],
  ];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-aarch64', ...qemu], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.on('close', () => {
      ended = true;
      resolve();
    });
    child.on('error', () => resolve());
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const report = (): string => `reached: ${reached.map((one) => one.reached).join(', ')}\n${log.tail(40)}`;
  try {
    await waitUntil({ what: 'raspi3b shows its agent', limitSeconds, report }, async () =>
      ended || reached.length === stages.length ? true : null,
    );
    if (ended) throw new Error(`QEMU ended by itself\n${report()}`);
    return { stages: reached };
  } finally {
    child.kill('SIGKILL');
    await end;
    log.close();
  }
}

function runProgram(program: string, words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr.trim()}`);
}

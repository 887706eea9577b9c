/** What was measured, and how a terminal shows it. Pure. */

export interface ImageSizes {
  readonly image: string;
  readonly compressedBytes: number;
  readonly updateBytes: number;
}

export interface BuildTimes {
  readonly coldSeconds: number;
  readonly warmSeconds: number;
  readonly changedAgentSeconds: number;
}

export interface Forming {
  readonly seconds: number;
  /** Median over the machines. */
  readonly usedMemoryBytes: number;
  readonly agentResidentBytes: number;
}

export interface PowerOn {
  readonly trivetSeconds: readonly number[];
  readonly stockSeconds: readonly number[];
  readonly stock: { readonly kernelVersion: string; readonly packages: number };
}

export interface Results {
  readonly machine: string;
  readonly accelerator: string;
  /** Of the machine when the run began, over a minute: above zero when other work went on. */
  readonly loadBefore: number;
  readonly recipe: string;
  readonly sizes: readonly ImageSizes[];
  readonly builds: BuildTimes;
  readonly powerOn: PowerOn;
  readonly formings: readonly Forming[];
}

export function formatResults(results: Results): string {
  const { builds, powerOn, formings, sizes } = results;
  const { stock } = powerOn;
  const sizeRows = sizes.map(({ image, compressedBytes, updateBytes }) => [
    image,
    megabytes(compressedBytes),
    megabytes(updateBytes),
  ]);
  const rows = [
    ['build with an empty cache, packages fetched before', seconds(builds.coldSeconds)],
    ['build again, nothing changed', seconds(builds.warmSeconds)],
    ['build after a change in the agent only', seconds(builds.changedAgentSeconds)],
    [
      `power-on to agent healthy (median of ${powerOn.trivetSeconds.length})`,
      medianSeconds(powerOn.trivetSeconds),
    ],
    [
      `power-on to multi-user.target, stock Debian (median of ${powerOn.stockSeconds.length})`,
      medianSeconds(powerOn.stockSeconds),
    ],
    ...(formings.length === 0 ? [] : formingRows(formings)),
  ];
  return [
    `measured on ${results.machine}, ${results.accelerator}; load when it began: ${results.loadBefore.toFixed(1)}`,
    '',
    ...align([['image', 'zstd', 'update'], ...sizeRows]),
    '',
    ...align([[results.recipe, ''], ...rows]),
    '',
    `stock Debian: ${stock.packages} packages of the same release as they are, kernel ${stock.kernelVersion}, ext4, the same firmware`,
    'and systemd-boot, cloud-init with a local data source, an initrd that only mounts; both get an address by DHCP',
    '',
  ].join('\n');
}

function formingRows(formings: readonly Forming[]): readonly string[][] {
  return [
    [
      `three machines to high availability, firmware (median of ${formings.length})`,
      medianSeconds(formings.map((one) => one.seconds)),
    ],
    [
      'memory used inside an idle member, whole system',
      megabytes(median(formings.map((one) => one.usedMemoryBytes))),
    ],
    ['of that resident in the agent', megabytes(median(formings.map((one) => one.agentResidentBytes)))],
  ];
}

/** The first column to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

function medianSeconds(values: readonly number[]): string {
  return seconds(median(values));
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

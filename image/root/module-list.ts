/** Which kernel modules the lists beside this file mean for a target: in the root, and in each stage of the initrd. */
import { readFile } from 'node:fs/promises';
import type { Architecture } from '../architecture.ts';
import type { Target } from '../targets.ts';
import { parseAssignments } from './list-file.ts';

/** In the order in which the initrd loads them. */
export const moduleStages = ['always', 'watchdog', 'disks'] as const;
export type ModuleStage = (typeof moduleStages)[number];

export interface ModuleList {
  /** All of them, sorted; the initrd's among them. */
  readonly names: readonly string[];
  readonly stages: Readonly<Record<ModuleStage, readonly string[]>>;
}

export interface Place {
  readonly target: Pick<Target, 'name'>;
  readonly architecture: Pick<Architecture, 'name'>;
  /** How the data partition is encrypted, if it is. */
  readonly dataEncryption?: 'tpm2';
}

/** @param extra names that a recipe adds to the root. */
export async function readModuleList(place: Place, extra: readonly string[]): Promise<ModuleList> {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8');
  return selectModuleNames(place, await read('modules.txt'), await read('initrd/modules.txt'), extra);
}

/** The same from the lists' texts. */
export function selectModuleNames(
  place: Place,
  rootText: string,
  initrdText: string,
  extra: readonly string[],
): ModuleList {
  const root = parseAssignments(rootText).flatMap(([selector, names]) =>
    selects(selector, place) ? names : [],
  );
  const stages: Record<ModuleStage, string[]> = { always: [], watchdog: [], disks: [] };
  for (const [key, names] of parseAssignments(initrdText)) {
    const [stage, selector = 'all'] = key.split(' ');
    if (selects(selector, place)) stages[stage as ModuleStage].push(...names);
  }
  const names = [...root, ...Object.values(stages).flat(), ...extra];
  return { names: [...new Set(names)].sort(), stages };
}

/**
 * `all`, `TARGET`, `ARCHITECTURE` or `TARGET/ARCHITECTURE`; for encrypted data also `encrypted`, `encrypted/ARCHITECTURE` and
 * `encrypted/TARGET/ARCHITECTURE`.
 */
function selects(selector: string, { target, architecture, dataEncryption }: Place): boolean {
  const place = `${target.name}/${architecture.name}`;
  const fitting = ['all', target.name, architecture.name, place];
  if (dataEncryption !== undefined)
    fitting.push('encrypted', `encrypted/${architecture.name}`, `encrypted/${place}`);
  return fitting.includes(selector);
}

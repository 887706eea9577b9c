/** Which level of security the labels of a namespace ask for. (k8s.io/pod-security-admission/api) Pure. */

export type Level = 'privileged' | 'baseline' | 'restricted';

export interface LevelVersion {
  readonly level: Level;
  /** The minor one; Infinity for the latest. */
  readonly version: number;
}

export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];

export interface Policy {
  readonly of: Readonly<Record<Mode, LevelVersion>>;
  /** Labels that cannot be read. */
  readonly errors: readonly LabelError[];
}

export interface LabelError {
  readonly label: string;
  readonly value: string;
  readonly why: string;
}

const prefix = 'pod-security.kubernetes.io/';
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const latest = Number.POSITIVE_INFINITY;
/** Of what nobody has labelled. */
const open: LevelVersion = { level: 'privileged', version: latest };

export function policyOf(labels: Readonly<Record<string, string>>): Policy {
  const errors: LabelError[] = [];
  const read = (mode: Mode): LevelVersion => readMode(labels, mode, errors);
  const enforce = read('enforce');
  const audit = read('audit');
  const warned = read('warn');
  // Who is refused something is told early: with the workload that will be refused its pods.
  const isSilent = labels[`${prefix}warn`] === undefined && enforce.level !== 'privileged';
  const version = labels[`${prefix}warn-version`] === undefined ? enforce.version : warned.version;
  const warn = isSilent ? { level: enforce.level, version } : warned;
  return { of: { enforce, audit, warn }, errors };
}

function readMode(labels: Readonly<Record<string, string>>, mode: Mode, errors: LabelError[]): LevelVersion {
  const [label, versionLabel] = [`${prefix}${mode}`, `${prefix}${mode}-version`];
  const [level, version] = [labels[label], labels[versionLabel]];
  const known = levels.find((one) => one === level);
  if (level !== undefined && known === undefined) {
    errors.push({ label, value: level, why: 'must be one of privileged, baseline, restricted' });
  }
  const minor = version === undefined || version === 'latest' ? latest : readVersion(version);
  if (minor === null) {
    const why = 'must be "latest" or "v1.x"';
    errors.push({ label: versionLabel, value: version as string, why });
  }
  // What cannot be read refuses too much rather than too little, but never what is only told.
  const fallback = mode === 'enforce' && level !== undefined ? 'restricted' : 'privileged';
  const chosen = known ?? (level === undefined ? open.level : fallback);
  return { level: chosen, version: minor ?? latest };
}

function readVersion(text: string): number | null {
  const minor = /^v1\.(0|[1-9][0-9]{0,8})$/.exec(text)?.[1];
  return minor === undefined ? null : Number(minor);
}

/** `restricted:latest`, `baseline:v1.24`. */
export function formatLevel({ level, version }: LevelVersion): string {
  return `${level}:${version === latest ? 'latest' : `v1.${version}`}`;
}

export function isSameLevel(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && (a.version === b.version || a.level === 'privileged');
}

/** Whether whatever fits the new one has fitted the old one. */
export function isNoStricter(next: LevelVersion, old: LevelVersion): boolean {
  return (
    next.level === 'privileged' ||
    isSameLevel(next, old) ||
    levels.indexOf(next.level) < levels.indexOf(old.level)
  );
}

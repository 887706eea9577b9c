/**
 * What clients saw, and whether a single copy of the data could have shown it to them. The store numbers every write
 * (its revision), so the order of writes is known and a history is linearizable exactly when no operation that had ended
 * before another began comes after it in that order. Pure.
 */

export interface Operation {
  readonly process: string;
  readonly operation: 'read' | 'write';
  readonly key: string;
  /** Written or read; null is a read that found nothing. Every write has a value of its own. */
  readonly value: string | null;
  /** Milliseconds of one clock. */
  readonly start: number;
  readonly end: number;
  /** `unknown`: no answer came, it may have happened, even later. Reads without an answer are not recorded. */
  readonly outcome: 'ok' | 'unknown';
  /** The write's revision, or that of the write which the read saw, 0 for none; null where no answer told. */
  readonly revision: number | null;
  /** The revision of the whole store that the answer named. */
  readonly storeRevision: number | null;
}

export interface WatchEvent {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** Every contradiction as a sentence; none when all is well. */
export function checkHistory(operations: readonly Operation[]): string[] {
  const placed = learnRevisions(operations);
  const byKey = Map.groupBy(placed, (each) => each.key);
  return [
    ...checkValues(operations),
    ...[...byKey.values()].flatMap((ofKey) => checkOrder(ofKey, (each) => each.revision, 'revision')),
    ...checkOrder(
      operations.filter((each) => each.outcome === 'ok'),
      (each) => each.storeRevision,
      'revision of the store',
    ),
  ];
}

/** The revision of a write that nobody confirmed is known from a read of it; it may have happened at any time since. */
function learnRevisions(operations: readonly Operation[]): Operation[] {
  const seen = new Map<string, number>();
  for (const each of operations) {
    if (each.operation === 'read' && each.value !== null && each.revision !== null) {
      seen.set(each.value, each.revision);
    }
  }
  return operations.flatMap((each) => {
    if (each.outcome === 'ok') return [each];
    const revision = seen.get(each.value ?? '');
    return revision === undefined ? [] : [{ ...each, revision, end: Number.POSITIVE_INFINITY }];
  });
}

/** Nobody reads what was not written or not yet begun, and one revision is one write. */
function checkValues(operations: readonly Operation[]): string[] {
  const written = new Map<string, Operation>();
  const ofRevision = new Map<number, string>();
  const problems: string[] = [];
  const claim = (revision: number | null, value: string, who: Operation): void => {
    if (revision === null) return;
    const other = ofRevision.get(revision) ?? value;
    ofRevision.set(revision, value);
    if (other !== value) problems.push(`${tell(who)}: revision ${revision} was given to ${other} too`);
  };
  for (const each of operations) if (each.operation === 'write') written.set(each.value ?? '', each);
  for (const each of operations) {
    if (each.value !== null) claim(each.revision, each.value, each);
    if (each.operation === 'write' || each.value === null) continue;
    const write = written.get(each.value);
    if (write?.key !== each.key) problems.push(`${tell(each)}: nobody wrote that`);
    else if (write.start > each.end) problems.push(`${tell(each)}: it was written only later`);
  }
  return problems;
}

/** No operation comes, in the order of revisions, before one that had ended when it began. */
function checkOrder(
  operations: readonly Operation[],
  revisionOf: (operation: Operation) => number | null,
  what: string,
): string[] {
  const begun = operations.filter((each) => revisionOf(each) !== null).sort((a, b) => a.start - b.start);
  const ended = [...begun].sort((a, b) => a.end - b.end);
  const problems: string[] = [];
  let newest: Operation | null = null;
  let next = 0;
  for (const each of begun) {
    for (; next < ended.length && (ended[next] as Operation).end < each.start; next += 1) {
      const candidate = ended[next] as Operation;
      if (newest === null || (revisionOf(candidate) ?? 0) > (revisionOf(newest) ?? 0)) newest = candidate;
    }
    if (newest === null) continue;
    const [before, now] = [revisionOf(newest) ?? 0, revisionOf(each) ?? 0];
    // A write has a revision of its own, higher than any that was answered before it began.
    if (now < before || (now === before && each.operation === 'write')) {
      problems.push(`${tell(each)} has ${what} ${now}, and before it began ${tell(newest)} had ${before}`);
    }
  }
  return problems;
}

/** What the cluster holds at the end must be the newest of everything that was acknowledged. */
export function checkFinalState(
  operations: readonly Operation[],
  found: ReadonlyMap<string, { readonly value: string; readonly revision: number }>,
): string[] {
  const problems: string[] = [];
  for (const each of operations) {
    if (each.operation !== 'write' || each.outcome !== 'ok') continue;
    const now = found.get(each.key);
    if (now === undefined) problems.push(`${tell(each)} was acknowledged, and the key is gone`);
    else if (now.revision < (each.revision ?? 0)) {
      problems.push(`${tell(each)} was acknowledged, and the key is back at revision ${now.revision}`);
    }
  }
  return problems;
}

/**
 * Watches see every change once and in order: the same ones on all nodes, and every acknowledged write among them.
 * One transaction may change several keys, which then have one revision.
 * `streams` are what each watcher saw of all keys, from the first revision on.
 */
export function checkWatches(
  streams: ReadonlyMap<string, readonly WatchEvent[]>,
  operations: readonly Operation[],
): string[] {
  const problems: string[] = [];
  const byRevision = [...streams].map(
    ([watcher, events]) => [watcher, Map.groupBy(events, (event) => event.revision)] as const,
  );
  const all = new Map<number, readonly WatchEvent[]>(byRevision.flatMap(([, seen]) => [...seen]));
  for (const [watcher, events] of streams) problems.push(...checkStream(watcher, events));
  for (const [watcher, seen] of byRevision) {
    for (const [revision, events] of seen) {
      const [own, other] = [tellChange(events), tellChange(all.get(revision) ?? [])];
      if (own !== other)
        problems.push(`${watcher} saw revision ${revision} as ${own}, another watcher as ${other}`);
    }
    const missing = [...all.keys()].filter((revision) => !seen.has(revision));
    if (missing.length > 0)
      problems.push(`${watcher} did not see the revisions ${missing.slice(0, 5).join(', ')}`);
  }
  for (const each of operations) {
    if (each.operation !== 'write' || each.outcome !== 'ok' || each.revision === null) continue;
    if (!all.get(each.revision)?.some(({ key, value }) => key === each.key && value === each.value))
      problems.push(`${tell(each)} was acknowledged, and no watch saw it`);
  }
  return problems;
}

/** Revisions rise, and no change of a key is told twice. */
function checkStream(watcher: string, events: readonly WatchEvent[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  events.forEach(({ revision, key }, i) => {
    const before = events[i - 1]?.revision ?? 0;
    if (revision < before) problems.push(`${watcher} saw revision ${revision} after ${before}`);
    const change = `${revision} ${key}`;
    if (seen.has(change)) problems.push(`${watcher} saw revision ${revision} of ${key} twice`);
    seen.add(change);
  });
  return problems;
}

function tellChange(events: readonly WatchEvent[]): string {
  return events.map(({ key, value }) => `${key} = ${value}`).join(', ');
}

function tell({ process, operation, key, value, start }: Operation): string {
  const what = operation === 'write' ? `write of ${value} to ${key}` : `read of ${value} from ${key}`;
  return `the ${what} by ${process} at ${Math.round(start)} ms`;
}

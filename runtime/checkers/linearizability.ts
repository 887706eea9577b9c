/**
 * Whether a history of a key-value store is linearizable: the search of Wing and Gong in Lowe's form ("Testing for
 * linearizability", 2017), one key at a time, which is allowed because linearizability is local (Herlihy and Wing).
 */

export type OperationAction =
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'get' }
  | { readonly kind: 'delete' }
  /** Puts `value` if the present value is `expected`; null: if there is none. */
  | { readonly kind: 'compareAndSet'; readonly expected: string | null; readonly value: string };

export interface Operation {
  readonly client: string;
  readonly key: string;
  readonly action: OperationAction;
  /** Moments of one order over the whole history. */
  readonly invokedAt: number;
  /** null: the outcome is unknown; it may take effect at any time from the invocation on, or never. */
  readonly returnedAt: number | null;
  /** get: the value or null; delete: whether there was something; compareAndSet: whether it was put; put: null. */
  readonly result: string | boolean | null;
}

export type LinearizabilityResult =
  | { readonly kind: 'linearizable' }
  | { readonly kind: 'violated'; readonly key: string; readonly operations: readonly Operation[] }
  /** The search was given up: the history has too many unknown outcomes at once. */
  | { readonly kind: 'undecided'; readonly key: string };

const mostStates = 500_000;

export function checkLinearizable(history: readonly Operation[]): LinearizabilityResult {
  const keys = [...new Set(history.map(({ key }) => key))].sort();
  for (const key of keys) {
    const operations = sorted(history.filter((each) => each.key === key));
    const outcome = search(operations);
    if (outcome === 'violated') return { kind: 'violated', key, operations };
    if (outcome === 'undecided') return { kind: 'undecided', key };
  }
  return { kind: 'linearizable' };
}

/** The value after the action, or undefined when the result cannot have come from this value. */
export function apply(value: string | null, operation: Operation): string | null | undefined {
  const { action, result, returnedAt } = operation;
  const isKnown = returnedAt !== null;
  switch (action.kind) {
    case 'put':
      return action.value;
    case 'get':
      return isKnown && result !== value ? undefined : value;
    case 'delete':
      return isKnown && result !== (value !== null) ? undefined : null;
    case 'compareAndSet': {
      const holds = value === action.expected;
      if (isKnown && result !== holds) return undefined;
      return holds ? action.value : value;
    }
  }
}

/** A node of the list of calls and returns, in order of time. */
interface Moment {
  readonly operation: number;
  /** The return that belongs to a call; null for a return. */
  readonly match: Moment | null;
  previous: Moment | null;
  next: Moment | null;
}

interface Choice {
  readonly call: Moment;
  readonly before: string | null;
}

function search(operations: readonly Operation[]): 'linearizable' | 'violated' | 'undecided' {
  const head = makeList(operations);
  const done = new DoneSet(operations.length);
  const seen = new Set<string>();
  const choices: Choice[] = [];
  let value: string | null = null;
  let at = head.next;
  // An operation of unknown outcome never returns: what is left when no return is left may never have happened.
  let returnsLeft = operations.filter(({ returnedAt }) => returnedAt !== null).length;
  while (returnsLeft > 0) {
    if (at?.match != null) {
      const call: Moment = at;
      const after = apply(value, operations[call.operation]!);
      if (after !== undefined && isNew(seen, done, call.operation, after)) {
        if (seen.size > mostStates) return 'undecided';
        choices.push({ call, before: value });
        value = after;
        done.add(call.operation);
        if (operations[call.operation]!.returnedAt !== null) returnsLeft -= 1;
        lift(call);
        at = head.next;
      } else {
        at = call.next;
      }
      continue;
    }
    // A return whose operation has not been placed, or the end: the last choice was wrong.
    const last = choices.pop();
    if (last === undefined) return 'violated';
    value = last.before;
    done.remove(last.call.operation);
    if (operations[last.call.operation]!.returnedAt !== null) returnsLeft += 1;
    unlift(last.call);
    at = last.call.next;
  }
  return 'linearizable';
}

/** Whether this set of placed operations with this value has not been tried yet. */
function isNew(seen: Set<string>, done: DoneSet, operation: number, value: string | null): boolean {
  done.add(operation);
  const key = `${done.key()} ${value === null ? '-' : `=${value}`}`;
  done.remove(operation);
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function makeList(operations: readonly Operation[]): Moment {
  const times: { readonly at: number; readonly moment: Moment }[] = [];
  for (const [operation, { invokedAt, returnedAt }] of operations.entries()) {
    const back: Moment = { operation, match: null, previous: null, next: null };
    times.push({ at: invokedAt, moment: { operation, match: back, previous: null, next: null } });
    times.push({ at: returnedAt ?? Number.POSITIVE_INFINITY, moment: back });
  }
  // Among equal moments calls come first: they overlap then, which is the weaker claim.
  times.sort((one, other) => {
    if (one.at !== other.at) return one.at < other.at ? -1 : 1;
    return (one.moment.match === null ? 1 : 0) - (other.moment.match === null ? 1 : 0);
  });
  const head: Moment = { operation: -1, match: null, previous: null, next: null };
  let last = head;
  for (const { moment } of times) {
    last.next = moment;
    moment.previous = last;
    last = moment;
  }
  return head;
}

function lift(call: Moment): void {
  for (const moment of [call, call.match!]) {
    if (moment.previous !== null) moment.previous.next = moment.next;
    if (moment.next !== null) moment.next.previous = moment.previous;
  }
}

function unlift(call: Moment): void {
  for (const moment of [call.match!, call]) {
    if (moment.previous !== null) moment.previous.next = moment;
    if (moment.next !== null) moment.next.previous = moment;
  }
}

/** Which operations have been placed: all up to a number, and some after it, so that its key stays short. */
class DoneSet {
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  add(operation: number): void {
    this.#words[operation >> 5]! |= 1 << (operation & 31);
  }

  remove(operation: number): void {
    this.#words[operation >> 5]! &= ~(1 << (operation & 31));
  }

  key(): string {
    let full = 0;
    while (this.#words[full] === 0xffffffff) full += 1;
    let end = this.#words.length;
    while (end > full && this.#words[end - 1] === 0) end -= 1;
    return `${full}:${this.#words.subarray(full, end).join()}`;
  }
}

function sorted(operations: readonly Operation[]): Operation[] {
  return operations.toSorted((one, other) => one.invokedAt - other.invokedAt);
}

/** A violated history as text, one operation a line. */
export function describeHistory(operations: readonly Operation[]): string {
  return operations
    .map(({ client, key, action, invokedAt, returnedAt, result }) => {
      const about = Object.entries(action)
        .filter(([name]) => name !== 'kind')
        .map(([name, value]) => ` ${name}=${value}`)
        .join('');
      return `${invokedAt}-${returnedAt ?? '?'} ${client} ${action.kind} ${key}${about} -> ${result}`;
    })
    .join('\n');
}

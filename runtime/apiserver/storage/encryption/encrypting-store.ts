/**
 * A `Store` whose values below chosen prefixes lie encrypted in the store behind it: what is written is encrypted, what is read is
 * opened, and nobody above knows. A value that is not encrypted reads as it is, so that a store from before keeps its objects.
 */
import type {
  Change,
  Comparison,
  KeyRange,
  KeyValue,
  Operation,
  OperationResult,
  RangeQuery,
} from '../../../datastore/state-machine/model.ts';
import { type Store, StoreError, type Transaction } from '../../../datastore/store.ts';
import {
  beginsWith,
  type EncryptionKey,
  isEncrypted,
  SealedValueError,
  ValueCipher,
} from './value-cipher.ts';

export interface EncryptionOptions {
  readonly store: Store;
  /** Below which values are encrypted; each ends with a slash. */
  readonly prefixes: readonly string[];
  /** Those in force: the first encrypts, all decrypt. The same array as long as they are the same. */
  readonly keys: () => readonly EncryptionKey[];
  /** Told once of each key of the datastore whose value cannot be opened, for the first hundred; a sentence. */
  readonly onUnreadable: (sentence: string) => void;
}

const mostToldOf = 100;

/**
 * A value that cannot be opened fails the request it is a part of, also a list, as in the real server: `StoreError`, 'invalid'.
 * So does what would have to look into encrypted values: a comparison of them, or an order by them.
 */
export function encryptingStore(options: EncryptionOptions): Store {
  const { store } = options;
  const work = new Encryption(options);
  return {
    range: async (query, how) => {
      work.refuseOrder(query);
      const found = await store.range(query, how);
      return { ...found, items: work.openItems(found.items) };
    },
    transact: async (transaction) => {
      const done = await store.transact(work.sealTransaction(transaction));
      return { ...done, results: work.openResults(done.results) };
    },
    watch: (request, handlers, signal) =>
      store.watch(
        request,
        {
          onStarted: handlers.onStarted,
          onBatch: (batch) => {
            try {
              return handlers.onBatch({ ...batch, changes: work.openChanges(batch.changes) });
            } catch (error) {
              return Promise.reject(error);
            }
          },
        },
        signal,
      ),
    compact: (revision) => store.compact(revision),
    grantLease: (id, seconds) => store.grantLease(id, seconds),
    revokeLease: (id) => store.revokeLease(id),
    keepLeaseAlive: (id) => store.keepLeaseAlive(id),
    lease: (id, withKeys) => store.lease(id, withKeys),
    leases: () => store.leases(),
    status: () => store.status(),
    disarm: (alarm) => store.disarm(alarm),
    defragment: () => store.defragment(),
    hash: (revision) => store.hash(revision),
    snapshot: (onPiece) => store.snapshot(onPiece),
    close: () => store.close(),
  };
}

/** Of the keys in force; made anew when they are others. */
export function cipherInForce(keys: () => readonly EncryptionKey[]): () => ValueCipher {
  let known: { readonly of: readonly EncryptionKey[]; readonly cipher: ValueCipher } | null = null;
  return () => {
    const now = keys();
    if (known?.of !== now) known = { of: now, cipher: new ValueCipher(now) };
    return known.cipher;
  };
}

class Encryption {
  readonly #prefixes: readonly Buffer[];
  readonly #cipher: () => ValueCipher;
  readonly #onUnreadable: (sentence: string) => void;
  readonly #toldOf = new Set<string>();
  readonly #opened = new WeakMap<Change, Change>();

  constructor({ prefixes, keys, onUnreadable }: EncryptionOptions) {
    this.#prefixes = prefixes.map((prefix) => Buffer.from(prefix));
    this.#cipher = cipherInForce(keys);
    this.#onUnreadable = onUnreadable;
  }

  refuseOrder({ sort, ...range }: RangeQuery): void {
    if (sort?.by === 'value' && this.#touches(range))
      throw new StoreError('invalid', 'encrypted values have no order: sort by something else');
  }

  sealTransaction({ compare = [], success, failure = [] }: Transaction): Transaction {
    this.#refuseComparisons(compare);
    return { compare, success: this.#sealOperations(success), failure: this.#sealOperations(failure) };
  }

  openItems(items: readonly KeyValue[]): readonly KeyValue[] {
    return items.some(({ value }) => isEncrypted(value)) ? items.map((item) => this.#open(item)) : items;
  }

  openResults(results: readonly OperationResult[]): readonly OperationResult[] {
    return results.map((result) => {
      switch (result.operation) {
        case 'put':
          return { ...result, previous: result.previous && this.#open(result.previous) };
        case 'delete':
          return { ...result, previous: this.openItems(result.previous) };
        case 'range':
          return { ...result, items: this.openItems(result.items) };
        case 'transaction':
          return { ...result, results: this.openResults(result.results) };
      }
      throw new Error('an answer of no known operation');
    });
  }

  openChanges(changes: readonly Change[]): readonly Change[] {
    return changes.map((change) => {
      const { previous } = change;
      const isPlain = !isEncrypted(change.value) && !(previous && isEncrypted(previous.value));
      return isPlain ? change : this.#openChange(change);
    });
  }

  /** All who watch are given the same change. */
  #openChange(change: Change): Change {
    const known = this.#opened.get(change);
    if (known !== undefined) return known;
    const opened = this.#open(change);
    const { previous } = change;
    const both = previous ? { ...opened, previous: this.#open(previous) } : opened;
    this.#opened.set(change, both);
    return both;
  }

  #sealOperations(operations: readonly Operation[]): readonly Operation[] {
    return operations.map((operation) => {
      switch (operation.operation) {
        case 'put':
          if (operation.keepValue || !this.#isBelow(operation.key)) return operation;
          return { ...operation, value: this.#cipher().seal(operation.key, operation.value) };
        case 'range':
          this.refuseOrder(operation);
          return operation;
        case 'transaction':
          return { operation: 'transaction', ...this.#sealNested(operation) };
        default:
          return operation;
      }
    });
  }

  #sealNested({ compare, success, failure }: Required<Transaction>): Required<Transaction> {
    this.#refuseComparisons(compare);
    return { compare, success: this.#sealOperations(success), failure: this.#sealOperations(failure) };
  }

  #refuseComparisons(compare: readonly Comparison[]): void {
    if (compare.some((comparison) => comparison.target === 'value' && this.#touches(comparison)))
      throw new StoreError('invalid', 'encrypted values cannot be compared: compare a revision');
  }

  #open<Item extends KeyValue>(item: Item): Item {
    if (!isEncrypted(item.value)) return item;
    try {
      return { ...item, value: this.#cipher().open(item.key, item.value) };
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      const place = Buffer.from(item.key).toString();
      const sentence = `unable to transform key ${JSON.stringify(place)}: ${error.message}`;
      if (this.#toldOf.size < mostToldOf && !this.#toldOf.has(place)) {
        this.#toldOf.add(place);
        this.#onUnreadable(sentence);
      }
      throw new StoreError('invalid', `Internal error occurred: ${sentence}`);
    }
  }

  #isBelow(key: Uint8Array): boolean {
    return this.#prefixes.some((prefix) => beginsWith(key, prefix));
  }

  /** Whether some of the values in the range are encrypted. */
  #touches({ key, end }: KeyRange): boolean {
    if (end === undefined) return this.#isBelow(key);
    return this.#prefixes.some(
      (prefix) => this.#isBelow(key) || (Buffer.compare(key, prefix) <= 0 && Buffer.compare(prefix, end) < 0),
    );
  }
}

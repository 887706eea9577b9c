/**
 * The nodes that were removed from the cluster. Their certificates are still from its CA, so every connection is looked
 * up here, and those that are open are cut when a node is added.
 */
import type { NodeId } from '../raft/types.ts';

export class DenyList {
  readonly #ids: Set<NodeId>;
  readonly #listeners: ((id: NodeId) => void)[] = [];

  constructor(ids: readonly NodeId[] = []) {
    this.#ids = new Set(ids);
  }

  get ids(): readonly NodeId[] {
    return [...this.#ids].sort();
  }

  has(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  /** @returns whether one of them is new. Nobody is ever taken off: a machine comes back under a new key. */
  add(ids: readonly NodeId[]): boolean {
    const added = ids.filter((id) => !this.#ids.has(id));
    for (const id of added) {
      this.#ids.add(id);
      for (const listener of this.#listeners) listener(id);
    }
    return added.length > 0;
  }

  /** Calls back for every node that is added from now on. */
  onAdded(listener: (id: NodeId) => void): void {
    this.#listeners.push(listener);
  }
}

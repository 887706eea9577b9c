/** A watch of everything on each node, resumed where it ended whenever the node or the connection went. */
import { connectAdmin } from '../admin/client.ts';
import type { AgentProcess } from './agent-process.ts';
import type { WatchEvent } from './history.ts';

const retryMilliseconds = 200;

export class Watcher {
  readonly events: WatchEvent[] = [];
  readonly name: string;
  readonly #node: AgentProcess;
  #close: (() => void) | null = null;
  #closed = false;

  constructor(node: AgentProcess) {
    this.#node = node;
    this.name = `the watch on node ${node.index}`;
    void this.#follow();
  }

  close(): void {
    this.#closed = true;
    this.#close?.();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        const client = await connectAdmin(this.#node.socket);
        this.#close = () => client.close();
        const revision = this.#forgetLast();
        const onEvent = (event: unknown): void => void this.events.push(event as WatchEvent);
        const params = { key: '', prefix: true, revision };
        await client.request('kv.watch', params, { timeoutMilliseconds: 0, onEvent });
      } catch {
        // The node is away; the watch goes on when it is back.
      }
      this.#close?.();
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    }
  }

  /** The last revision may have been told in part: it is asked for again. @returns where to begin */
  #forgetLast(): number {
    const last = this.events.at(-1)?.revision;
    while (last !== undefined && this.events.at(-1)?.revision === last) this.events.pop();
    return last ?? 1;
  }
}

/** What the main thread and the core thread say to each other. */
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { Credentials } from '../peers/trust.ts';

export type ToCore =
  | {
      readonly type: 'request';
      readonly id: number;
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'cancel'; readonly id: number }
  /** Answers `askStatus`; `problem` is null when it could be answered. */
  | {
      readonly type: 'status';
      readonly id: number;
      readonly status: unknown;
      readonly problem: string | null;
    }
  | { readonly type: 'stop' };

export type FromCore =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  | { readonly type: 'log'; readonly line: string }
  /** An operator wants the status as the administration socket gives it. */
  | { readonly type: 'askStatus'; readonly id: number }
  /** The node serves: its port is open and its data is in order. */
  | { readonly type: 'ready' }
  /** The node is a member, and needs no secret or token any more. */
  | { readonly type: 'enrolled' }
  /** The node is a member, and proves it with these, from now on. */
  | { readonly type: 'credentials'; readonly credentials: Credentials }
  /** The keys of the Kubernetes API are known, or are others. */
  | { readonly type: 'apiKeys'; readonly keys: ApiKeys }
  /** One line for `systemctl status`. */
  | { readonly type: 'statusText'; readonly text: string }
  /** The node cannot go on; the message says why and what to do. */
  | { readonly type: 'fatal'; readonly message: string }
  | { readonly type: 'stopped' };

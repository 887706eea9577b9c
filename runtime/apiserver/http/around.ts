/** What stands around a request of the network, when it is settled who asks: flow control, audit. */
import type { UserInfo } from '../authentication/user.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';

export interface Surrounded {
  readonly auditId: string;
  readonly request: HttpRequest;
  readonly info: RequestInfo;
  /** Who has shown who they are. */
  readonly asker: UserInfo;
  /** As whom they are taken. */
  readonly user: UserInfo;
  /** What is found out on the way, for the audit. */
  readonly annotations: Record<string, string>;
}

/** `run` never rejects: what goes wrong is an answer too. */
export type Around = (
  asked: Surrounded,
  run: (request: HttpRequest) => Promise<HttpAnswer>,
) => Promise<HttpAnswer>;

/** The first is outermost. */
export function nested(arounds: readonly Around[]): Around {
  return (asked, run) => {
    const [first, ...others] = arounds;
    if (first === undefined) return run(asked.request);
    return first(asked, (request) => nested(others)({ ...asked, request }, run));
  };
}

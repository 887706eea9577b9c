/** Flow control before the requests of the network. (k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go) */
import type { Around } from '../http/around.ts';
import type { HttpAnswer, Stream } from '../http/exchange.ts';
import { textAnswer } from '../http/plain-answers.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { FlowControl, Ticket } from './flow-control.ts';
import { seatsOf } from './seats.ts';

/** @param countOf the objects of a resource, as far as somebody knows; null */
export function aroundRequests(control: FlowControl, countOf: (info: RequestInfo) => number | null): Around {
  return async ({ user, info, request }, run) => {
    if (isEndless(info)) return await run(request);
    const limit = Number(request.query.get('limit') ?? 0) || 0;
    const ticket = await control.enter(user, info, seatsOf(info, countOf(info), limit), request.signal);
    if (!ticket.isAdmitted) {
      const headers = { ...ticket.headers, 'retry-after': '1' };
      return textAnswer(429, 'Too many requests, please try again later.\n', headers);
    }
    const answer = await run(request);
    return releasing(answer, ticket, request.query);
  };
}

/** What goes on for as long as somebody likes takes no seat; a watch takes one for its beginning. */
const endless: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

function isEndless(info: RequestInfo): boolean {
  return info.kind === 'resource' && (info.verb === 'proxy' || endless.has(info.subresource));
}

function releasing(answer: HttpAnswer, ticket: Ticket, query: URLSearchParams): HttpAnswer {
  const { body } = answer;
  const headers = { ...ticket.headers, ...answer.headers };
  if (typeof body !== 'function') {
    ticket.release();
    return { ...answer, headers };
  }
  return { ...answer, headers, body: beginning(body, ticket, hasBeginning(query)) };
}

/** Who names a version is told what comes, who does not, first of all that is there. */
function hasBeginning(query: URLSearchParams): boolean {
  const version = query.get('resourceVersion') ?? '';
  return version === '' || version === '0' || query.get('sendInitialEvents') === 'true';
}

/** The longest that a watch is thought to begin: where nothing is there, nothing comes. */
const longestBeginningMs = 1_000;

function beginning(body: Stream, ticket: Ticket, isLong: boolean): Stream {
  return async (sink, signal) => {
    if (!isLong) ticket.release();
    const timer = setTimeout(ticket.release, longestBeginningMs);
    try {
      await body((bytes) => {
        ticket.release();
        return sink(bytes);
      }, signal);
    } finally {
      clearTimeout(timer);
      ticket.release();
    }
  };
}

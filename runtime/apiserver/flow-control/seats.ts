/**
 * How many seats a request takes while it runs: a list of many objects more than one, by what is known of their number.
 * (k8s.io/apiserver/pkg/util/flowcontrol/request) Pure.
 */
import type { RequestInfo } from '../request/request-info.ts';

const objectsOfSeat = 100;
const mostSeats = 10;

/** @param count of the objects of the resource; null while nobody knows. @param limit of the page, 0 for none */
export function seatsOf(info: RequestInfo, count: number | null, limit: number): number {
  if (info.kind !== 'resource' || info.verb !== 'list' || info.name !== '') return 1;
  if (count === null) return 1;
  // A namespace is a part of all, though nobody knows how large a one.
  const touched = limit > 0 ? Math.min(count, limit) : count;
  return Math.max(1, Math.min(mostSeats, Math.ceil(touched / objectsOfSeat)));
}

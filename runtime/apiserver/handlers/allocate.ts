/**
 * Choosing for an object what it needs and no other may have: by chance, and anew when somebody else has it already, as long as
 * the client has not asked for just that.
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { ApiError, invalid } from '../status.ts';
import { ClaimsTakenError } from '../storage/object-store.ts';
import { normalized, type ServedKind } from './served-kind.ts';
import type { Surroundings } from './surroundings.ts';

/** Enough to find one of a few free ones among thousands nearly always. */
const tries = 256;

/** The object with everything chosen. */
export function allocated(kind: ServedKind, object: ApiObject, { random }: Surroundings): ApiObject {
  const { allocate } = kind.strategy;
  return normalized(kind, allocate && ((open) => allocate(open, random)), object);
}

/**
 * Writes, and chooses anew while what was chosen is taken.
 * @param wanted what the client has sent, filled in; known when `write` has been called
 * @throws ApiError
 */
export async function withAllocation<Result>(
  kind: ServedKind,
  name: string,
  write: () => Promise<Result>,
  wanted: () => ApiObject,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ClaimsTakenError)) throw error;
      refuseWishes(kind, name, wanted(), error.claims);
      if (number === tries) {
        throw new ApiError(
          'InternalError',
          `nothing free was found for ${kind.resource.resource} "${name}": ${error.message}`,
        );
      }
    }
  }
}

function refuseWishes(kind: ServedKind, name: string, wanted: ApiObject, taken: readonly string[]): void {
  const { claimsOf, claimError } = kind.strategy;
  const wishes = claimsOf?.(wanted) ?? [];
  const errors = taken.filter((claim) => wishes.includes(claim)).map((claim) => claimError?.(wanted, claim));
  const known = errors.filter((error) => error !== undefined);
  if (known.length > 0) throw invalid(kind.resource, name, known);
}

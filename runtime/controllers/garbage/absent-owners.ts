/** Owners that are not there, so that many dependents do not ask for the same one. A UID never comes back. */
import type { ObjectPlace } from '../client/places.ts';

const most = 500;

export interface AbsentOwners {
  readonly has: (place: ObjectPlace, uid: string) => boolean;
  readonly add: (place: ObjectPlace, uid: string) => void;
}

export function absentOwners(): AbsentOwners {
  const known = new Set<string>();
  return {
    has: (place, uid) => known.has(keyOf(place, uid)),
    add: (place, uid) => {
      known.add(keyOf(place, uid));
      const [oldest] = known;
      if (known.size > most) known.delete(oldest as string);
    },
  };
}

/** Another place with the same UID is another question: a reference may have either wrong. */
function keyOf({ group, version, resource, namespace, name }: ObjectPlace, uid: string): string {
  return [group, version, resource, namespace, name, uid].join('/');
}

/** What each resource adds to what all have in common. */
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import { coreStrategies } from './core/core-strategies.ts';

/** Throws `Error` for a resource without one: a fault of the program. */
export function strategyOf({ group, resource }: Resource): Strategy {
  const name = `${group}/${resource}`;
  const strategy = Object.hasOwn(coreStrategies, name) ? coreStrategies[name] : undefined;
  if (strategy === undefined) throw new Error(`nothing says what is special about ${name}`);
  return strategy;
}

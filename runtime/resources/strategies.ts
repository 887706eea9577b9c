/** What each resource adds to what all have in common. */
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import { coreStrategies } from './core/core-strategies.ts';
import { otherStrategies } from './others.ts';

const all = { ...coreStrategies, ...otherStrategies };

/** Throws `Error` for a resource without one: a fault of the program. */
export function strategyOf({ group, resource }: Resource): Strategy {
  const name = `${group}/${resource}`;
  const strategy = Object.hasOwn(all, name) ? all[name] : undefined;
  if (strategy === undefined) throw new Error(`nothing says what is special about ${name}`);
  return strategy;
}

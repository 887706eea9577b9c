/** Seeds that once found a fault, and what it was: they are run again with every `npm test`. */

export interface Regression {
  readonly seed: number;
  readonly steps: number;
  readonly found: string;
}

export const regressions: readonly Regression[] = [
  {
    seed: 44,
    steps: 10_000,
    found: 'a watch on a node that became a replica anew held up the thread for ever',
  },
  { seed: 5299, steps: 10_000, found: 'a node whose first command was given up could never write again' },
  {
    seed: 20149,
    steps: 10_000,
    found: 'a spare whose disk was full when it let go of its log stood still for ever',
  },
];

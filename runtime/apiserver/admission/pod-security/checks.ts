/** One check of a level, and what it looks at. */
import type { PodSpec } from '../../schemas/generated/types/api-core-v1.ts';
import type { Violation } from './words.ts';

export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

export interface Check {
  readonly id: string;
  /** The minor version that it came with. */
  readonly since: number;
  /** The restricted level has one that asks for more: there this one says nothing new. */
  readonly isCovered?: true;
  readonly check: (pod: CheckedPod, version: number) => Violation | null;
}

/** What an image says about itself to the device that it runs on; see ARCHITECTURE.md, "From recipe to device". */
import type { ImagePlan } from '../plan/plan.ts';

export interface ImageFactsOptions {
  readonly plan: ImagePlan;
  readonly keys: 'development' | 'operator';
  /** PEM. */
  readonly publicKey: string;
}

/** `/usr/lib/trivet/image.json`. */
export function imageFacts({ plan, keys, publicKey }: ImageFactsOptions): string {
  const { name, version, architecture, target, updates } = plan;
  const facts = {
    ...{ name, version, architecture: architecture.name },
    ...{ target: target.name, bootChain: target.bootChain },
    ...{ keys, publicKey, health: { seconds: updates.healthSeconds } },
    ...(updates.source === null ? {} : { updateSource: updates.source }),
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

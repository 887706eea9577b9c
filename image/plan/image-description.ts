/** What an image says about itself: `/usr/lib/trivet/image.json` (ARCHITECTURE.md, "From recipe to device"). */
import type { ImagePlan } from './plan.ts';

export interface KeyDescription {
  readonly kind: 'development' | 'operator';
  readonly publicKeyPem: string;
}

export function describeImage(plan: ImagePlan, keys: KeyDescription): string {
  const { name, version, architecture, target, updates } = plan;
  const description = {
    ...{ name, version, architecture: architecture.name },
    ...{ target: target.name, bootChain: target.bootChain },
    ...{ keys: keys.kind, publicKey: keys.publicKeyPem, health: { seconds: updates.healthSeconds } },
    ...(updates.source === null ? {} : { updateSource: updates.source }),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

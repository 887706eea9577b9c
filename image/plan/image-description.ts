/** What an image says about itself: `/usr/lib/trivet/image.json` (ARCHITECTURE.md, "From recipe to device"). */
import type { ImagePlan } from './plan.ts';

export interface KeyDescription {
  readonly kind: 'development' | 'operator';
  readonly publicKeyPem: string;
}

/** The only target and boot chain so far. */
const place = { target: 'cloud', bootChain: 'systemd-boot' } as const;
/** How long a new system may take to become healthy before it counts as broken. */
const healthSeconds = 180;

export function describeImage(plan: ImagePlan, keys: KeyDescription): string {
  const description = {
    ...{ name: plan.name, version: plan.version, architecture: plan.architecture.name, ...place },
    ...{ keys: keys.kind, publicKey: keys.publicKeyPem, health: { seconds: healthSeconds } },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** Looks after claims and volumes that are deleted, and lets them go when nobody uses them any more. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { keyOf, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';
import { claimsOf, claimWaits, type ObservedClaim, planClaim, planVolume } from './plan-protection.ts';

export function runVolumeProtection(context: ControllerContext): void {
  protectClaims(context);
  protectVolumes(context);
}

function protectClaims(context: ControllerContext): void {
  const client = context.clientOf('pvc-protection-controller');
  const claims = context.informers.of(resources.persistentVolumeClaims);
  const pods = context.informers.of(resources.pods);
  const keysOfPod = (pod: ApiObject): readonly string[] =>
    claimsOf(pod).map((name) => keyOf({ metadata: { ...pod.metadata, name } }));
  runController<ObservedClaim, Write>(
    {
      name: 'claims of volumes',
      sources: [
        { informer: claims, keysOf: (claim) => [keyOf(claim)] },
        { informer: pods, keysOf: keysOfPod },
      ],
      observe: async (key) => {
        const claim = claims.lister.byKey(key);
        if (claim === null || !claimWaits(claim)) return { claim, pods: [] };
        // What the informer knows may be a moment old, and the pod that uses the claim younger.
        const { namespace = '' } = claim.metadata;
        return { claim, pods: (await client.list({ ...resources.pods, namespace })).items };
      },
      plan: planClaim,
      act: (write) => perform(client, write),
    },
    context,
  );
}

function protectVolumes(context: ControllerContext): void {
  const client = context.clientOf('pv-protection-controller');
  const volumes = context.informers.of(resources.persistentVolumes);
  runController<ApiObject | null, Write>(
    {
      name: 'volumes',
      sources: [{ informer: volumes, keysOf: (volume) => [keyOf(volume)] }],
      observe: (key) => volumes.lister.byKey(key),
      plan: planVolume,
      act: (write) => perform(client, write),
    },
    context,
  );
}

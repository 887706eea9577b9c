/** CSI drivers. (pkg/apis/storage, pkg/registry/storage/csidriver) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  CSIDriver,
  CSIDriverSpec,
  TokenRequest,
} from '../../apiserver/schemas/generated/types/api-storage-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, isSame, repeated } from '../checks/fields.ts';
import { duplicate, invalidValue, required } from '../field-errors.ts';
import { withRaisedGeneration } from '../generation.ts';
import { kindStrategy } from '../kind.ts';
import { checkOneOf, checkOptionalOneOf, inList, when } from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';

const shortestToken = 600;
const longestToken = 2 ** 32;
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycles = ['Persistent', 'Ephemeral'];

export const csiDrivers = kindStrategy<CSIDriver>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false, needsVersion: true },
  fillIn: (object) => ({ ...object, spec: fillInSpec(object.spec ?? {}) }),
  prepareUpdate: withGeneration,
  check: ({ spec }) => checkSpec(spec ?? {}),
  checkUpdate: (next, old) => {
    const { attachRequired, volumeLifecycleModes: modes } = next.spec ?? {};
    const shown = (): string => showStrings(modes, 'storage.VolumeLifecycleMode');
    return [
      ...immutable(attachRequired, old.spec?.attachRequired, 'spec.attachedRequired'),
      ...immutable(modes, old.spec?.volumeLifecycleModes, 'spec.volumeLifecycleModes', shown),
    ];
  },
});

function fillInSpec(spec: CSIDriverSpec): CSIDriverSpec {
  const modes = spec.volumeLifecycleModes ?? [];
  return {
    ...spec,
    attachRequired: spec.attachRequired ?? true,
    podInfoOnMount: spec.podInfoOnMount ?? false,
    storageCapacity: spec.storageCapacity ?? false,
    fsGroupPolicy: spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: modes.length === 0 ? ['Persistent'] : modes,
    requiresRepublish: spec.requiresRepublish ?? false,
    seLinuxMount: spec.seLinuxMount ?? false,
  };
}

/** Only what concerns pods that already run is counted. */
function withGeneration(next: CSIDriver, old: CSIDriver): CSIDriver {
  const counted = ['tokenRequests', 'requiresRepublish', 'seLinuxMount'] as const;
  if (counted.every((name) => isSame(next.spec?.[name], old.spec?.[name]))) return next;
  return withRaisedGeneration(next, old);
}

function checkSpec(spec: CSIDriverSpec): FieldError[] {
  const isSet = (value: unknown): boolean => value !== undefined && value !== null;
  return [
    // The real server spells it so.
    ...when(!isSet(spec.attachRequired), required('spec.attachedRequired')),
    ...when(!isSet(spec.podInfoOnMount), required('spec.podInfoOnMount')),
    ...when(!isSet(spec.storageCapacity), required('spec.storageCapacity')),
    ...checkOptionalOneOf(spec.fsGroupPolicy, 'spec.fsGroupPolicy', groupPolicies),
    ...checkTokens(spec.tokenRequests ?? [], 'spec.tokenRequests'),
    ...when(!isSet(spec.seLinuxMount), required('spec.seLinuxMount')),
    ...(spec.volumeLifecycleModes ?? []).flatMap((mode) =>
      checkOneOf(mode, 'spec.volumeLifecycleModes', lifecycles),
    ),
  ];
}

function checkTokens(requests: readonly TokenRequest[], field: string): FieldError[] {
  const again = repeated(requests.map(({ audience }) => audience ?? ''));
  return inList(requests, field, ({ audience, expirationSeconds }, at, index) => {
    if (again.has(index)) return [duplicate(`${at}.audience`, audience)];
    const seconds = expirationSeconds ?? shortestToken;
    const wrong = (why: string): FieldError => invalidValue(`${at}.expirationSeconds`, seconds, why);
    return [
      ...when(seconds < shortestToken, wrong('may not specify a duration less than 10 minutes')),
      ...when(seconds > longestToken, wrong('may not specify a duration larger than 2^32 seconds')),
    ];
  });
}

/** Annotations of pods that mean something to the server, and must not contradict the fields. (pkg/apis/core/validation) Pure. */
import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue } from '../../field-errors.ts';
import { when } from '../../meta/field-checks.ts';
import { checkDescendingPath } from '../volumes/paths.ts';
import { allContainers } from './all-containers.ts';

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
export const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

type Texts = Readonly<Record<string, string>>;

/** Null: it says none that there is. */
export function profileOfAnnotation(annotation: string): AppArmorProfile | null {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const path = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : '';
  return path === '' ? null : { type: 'Localhost', localhostProfile: path };
}

export function checkPodAnnotations(annotations: Texts, spec: PodSpec, field: string): readonly FieldError[] {
  const cost = annotations[costAnnotation];
  const isMirror = Object.hasOwn(annotations, mirrorAnnotation);
  const names = new Set(allContainers(spec, '').map(({ container }) => container.name));
  return [
    ...when(
      isMirror && (spec.nodeName ?? '') === '',
      invalidValue(
        `${field}[${mirrorAnnotation}]`,
        annotations[mirrorAnnotation],
        'must set spec.nodeName if mirror pod annotation is set',
      ),
    ),
    ...when(
      cost !== undefined && !isCost(cost),
      invalidValue(`${field}[${costAnnotation}]`, cost, 'must be a 32bit integer'),
    ),
    ...Object.entries(annotations).flatMap(([key, value]) => {
      if (key === seccompOfPod || key.startsWith(seccompPrefix))
        return checkSeccomp(value, `${field}.${key}`);
      if (!key.startsWith(appArmorPrefix)) return [];
      const name = key.slice(appArmorPrefix.length);
      const isProfile =
        ['', 'runtime/default', 'unconfined'].includes(value) || value.startsWith('localhost/');
      return [
        ...when(!names.has(name), invalidValue(`${field}[${key}]`, name, 'container not found')),
        ...when(
          !isProfile,
          invalidValue(`${field}[${key}]`, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`),
        ),
      ];
    }),
  ];
}

/** Of a new pod or template: what is said twice is said the same way. */
export function checkProfilesMatch(annotations: Texts, spec: PodSpec, field: string): readonly FieldError[] {
  const ofPod = spec.securityContext;
  const containers = allContainers(spec, field);
  const seccomp = containers.flatMap(({ container, field: at }) =>
    matchSeccomp(
      annotations[`${seccompPrefix}${container.name}`],
      container.securityContext?.seccompProfile,
      `${at}.securityContext.seccompProfile`,
    ),
  );
  const appArmor = containers.flatMap(({ container, field: at }) =>
    matchAppArmor(
      annotations[`${appArmorPrefix}${container.name}`],
      container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile,
      `${at}.securityContext.appArmorProfile`,
    ),
  );
  return [
    ...matchSeccomp(
      annotations[seccompOfPod],
      ofPod?.seccompProfile,
      `${field}.securityContext.seccompProfile`,
    ),
    ...seccomp,
    ...(spec.os?.name === 'windows' ? [] : appArmor),
  ];
}

/** What a kubelet has acted upon stays as it was. */
export function checkAnnotationsKept(next: Texts, old: Texts, field: string): readonly FieldError[] {
  const changed = Object.keys(old).filter((key) => next[key] !== old[key]);
  const added = Object.keys(next).filter((key) => !Object.hasOwn(old, key));
  const forbid = (keys: readonly string[], what: string) =>
    keys.flatMap((key) => {
      const at = `${field}[${key}]`;
      if (key.startsWith(appArmorPrefix)) return [forbiddenField(at, `may not ${what} AppArmor annotations`)];
      if (key === mirrorAnnotation) return [forbiddenField(at, `may not ${what} mirror pod annotation`)];
      return [];
    });
  return [...forbid(changed, 'remove or update'), ...forbid(added, 'add')];
}

function isCost(text: string): boolean {
  const isNumber = /^(0|-\d{1,10}|[1-9]\d{0,9})$/.test(text);
  return isNumber && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function checkSeccomp(profile: string, field: string): readonly FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (!profile.startsWith('localhost/')) {
    return [invalidValue(field, profile, 'must be a valid seccomp profile')];
  }
  return checkDescendingPath(profile.slice('localhost/'.length), field);
}

function matchSeccomp(
  annotation: string | undefined,
  profile: SeccompProfile | undefined,
  field: string,
): readonly FieldError[] {
  const texts = { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default', 'docker/default'] };
  return match('seccomp', annotation, profile, texts, field);
}

function matchAppArmor(
  annotation: string | undefined,
  profile: AppArmorProfile | undefined,
  field: string,
): readonly FieldError[] {
  const texts = { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default'] };
  return match('apparmor', annotation, profile, texts, field);
}

function match(
  what: string,
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
  texts: Readonly<Record<string, readonly string[]>>,
  field: string,
): readonly FieldError[] {
  if (annotation === undefined || profile === undefined) return [];
  const type = forbiddenField(`${field}.type`, `${what} type in annotation and field must match`);
  if (profile.type !== 'Localhost') {
    const known = Object.hasOwn(texts, profile.type) ? texts[profile.type] : undefined;
    return when(known !== undefined && !known.includes(annotation), type);
  }
  if (!annotation.startsWith('localhost/')) return [type];
  const isSame = annotation.slice('localhost/'.length) === profile.localhostProfile;
  const why = `${what} profile in annotation and field must match`;
  return when(!isSame, forbiddenField(`${field}.localhostProfile`, why));
}

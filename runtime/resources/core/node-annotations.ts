/**
 * Annotations of nodes from before there were fields for what they say; the server still holds them to their form.
 * (pkg/apis/core/validation, ValidateNodeSpecificAnnotations) Pure.
 */
import type { Taint } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';
import { inList } from '../meta/field-checks.ts';
import { checkTaints } from './taints.ts';

const field = 'metadata.annotations';
const taintsKey = 'scheduler.alpha.kubernetes.io/taints';
const avoidKey = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

/** What is looked at of one entry; it comes from whoever wrote the annotation. */
interface AvoidedPod {
  readonly podSignature?: { readonly podController?: { readonly controller?: boolean } | null } | null;
}

export function checkNodeAnnotations(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  return [
    ...checkAnnotation(annotations, taintsKey, field, (taints) => {
      if (!isListOfObjects(taints)) throw new TypeError('it is no list of taints');
      return checkTaints(taints as unknown as readonly Taint[], `${field}.${taintsKey}`);
    }),
    ...checkAnnotation(annotations, avoidKey, `${field}.AvoidPods`, (avoid) => {
      const { preferAvoidPods: entries = [] } = avoid as { readonly preferAvoidPods?: unknown };
      if (!isListOfObjects(entries)) throw new TypeError('preferAvoidPods is no list');
      return inList(entries as readonly AvoidedPod[], `${field}.${avoidKey}`, checkAvoided);
    }),
  ];
}

/** @param at where it is said that the annotation cannot be read */
function checkAnnotation(
  annotations: Readonly<Record<string, string>>,
  key: string,
  at: string,
  check: (value: object) => readonly FieldError[],
): readonly FieldError[] {
  const text = annotations[key] ?? '';
  if (text === '') return [];
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null)
      throw new TypeError('it is neither an object nor a list');
    return check(value);
  } catch (error) {
    return [invalidValue(at, key, (error as Error).message)];
  }
}

function isListOfObjects(value: unknown): value is readonly object[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);
}

function checkAvoided({ podSignature }: AvoidedPod, at: string): readonly FieldError[] {
  const controller = podSignature?.podController;
  if (!controller) return [required(`${at}.PodSignature`)];
  if (controller.controller === true) return [];
  return [invalidValue(`${at}.PodSignature.PodController.Controller`, false, 'must point to a controller')];
}

/** A number, or a share: `3`, `25%`. (k8s.io/kubernetes/pkg/apis/apps/validation) Pure. */

import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown } from '../field-errors.ts';
import { notBelowZero } from './fields.ts';
import { goIntOrString } from './go-syntax.ts';

type IntOrString = number | string | null | undefined;

const percentPattern = /^[0-9]+%$/;
const percentWords =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export function checkIntOrPercent(value: IntOrString, field: string): FieldError[] {
  if (typeof value !== 'string') return notBelowZero(value, field);
  return percentPattern.test(value) ? [] : [invalidShown(field, goIntOrString(value), percentWords)];
}

export function atMostAll(value: IntOrString, field: string): FieldError[] {
  const isTooMuch = typeof value === 'string' && percentPattern.test(value) && amountOf(value) > 100;
  return isTooMuch ? [invalidShown(field, goIntOrString(value), 'must not be greater than 100%')] : [];
}

/** 0 for what is neither a number nor a share. */
export function amountOf(value: IntOrString): number {
  if (typeof value !== 'string') return value ?? 0;
  return /^[-+]?[0-9]+%?$/.test(value) ? Number.parseInt(value, 10) : 0;
}

/** Names that begin with a domain. (k8s.io/apimachinery/pkg/util/validation) Pure. */

import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';
import { checkName } from '../meta/field-checks.ts';

const pathPattern = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;
const wildcardPattern = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const wildcardWords =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const longestSubdomain = 253;

/** `example.com/some-name`. */
export function domainPrefixedPath(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return [invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const [domain, path] = [value.slice(0, slash), value.slice(slash + 1)];
  const why = `Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`;
  return [
    ...checkName(dnsSubdomain, domain, field),
    ...(pathPattern.test(path) ? [] : [invalidValue(field, path, why)]),
  ];
}

/** `*.example.com`. */
export function wildcardSubdomain(value: string): readonly string[] {
  return [
    ...(value.length > longestSubdomain ? [`must be no more than ${longestSubdomain} characters`] : []),
    ...(value.length > 4 * longestSubdomain || !wildcardPattern.test(value) ? [wildcardWords] : []),
  ];
}

/** A domain of at least three parts, as webhooks are called. */
export function fullyQualifiedName(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const why = dnsSubdomain(value);
  if (why.length > 0) return [invalidValue(field, value, why.join(','))];
  if (value.split('.').length >= 3) return [];
  return [invalidValue(field, value, 'should be a domain with at least three segments separated by dots')];
}

/** A domain of at least two parts; a dot may stand at its end. */
export function fullyQualifiedDomain(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const domain = value.endsWith('.') ? value.slice(0, -1) : value;
  const why = dnsSubdomain(domain);
  if (why.length > 0) return [invalidValue(field, domain, why.join(','))];
  const labels = domain.split('.');
  if (labels.length < 2) {
    return [invalidValue(field, domain, 'should be a domain with at least two segments separated by dots')];
  }
  const bad = labels.find((label) => dnsLabel(label).length > 0);
  return bad === undefined ? [] : [invalidValue(field, bad, dnsLabel(bad).join(','))];
}

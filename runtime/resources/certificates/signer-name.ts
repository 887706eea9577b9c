/** Who is to sign: `example.com/signer-name`. (pkg/apis/core/validation, ValidateSignerName) Pure. */
import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required, tooLong } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';

const longestDomain = 253;
const longestPath = 253 + 63 + 1;
const longestName = longestDomain + longestPath + 1;

export function checkSignerName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  const segments = name.split('/');
  if (segments.length !== 2) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalidValue(field, name, why)];
  }
  const [domain, path] = segments as [string, string];
  const labels = domain.split('.');
  const few = 'should be a domain with at least two segments separated by dots';
  return [
    ...when(domain.length > longestDomain, tooLong(field, longestDomain)),
    ...firstWrong(labels, dnsLabel, domain, field),
    ...when(labels.length < 2, invalidValue(field, domain, few)),
    ...firstWrong(path.split('.'), dnsSubdomain, path, field),
    ...when(name.length > longestName, tooLong(field, longestName)),
  ];
}

function firstWrong(
  labels: readonly string[],
  rule: typeof dnsLabel,
  whole: string,
  field: string,
): FieldError[] {
  const wrong = labels.find((label) => rule(label).length > 0);
  if (wrong === undefined) return [];
  return rule(wrong).map((why) =>
    invalidValue(field, whole, `validating label ${JSON.stringify(wrong)}: ${why}`),
  );
}

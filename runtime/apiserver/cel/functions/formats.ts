/** `format.dns1123Label().validate(…)`: names and the like by the rules of the API. (…/pkg/cel/library/format.go) Pure. */
import {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelKey,
  labelValueOf,
  type NameRule,
} from '../../objects/name-rules.ts';
import { spendFor } from '../budget.ts';
import type { FunctionTable } from '../signature.ts';
import { parseTimestamp } from '../times.ts';
import { list, type OpaqueValue, type Value } from '../values.ts';

/** A name that something is generated behind may end with a dash. */
function prefix(rule: NameRule): NameRule {
  return (name) => rule(name.endsWith('-') ? `${name.slice(0, -1)}a` : name);
}

const uuid: NameRule = (text) =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
    ? []
    : ['does not match the UUID format'];

const rules: Readonly<Record<string, NameRule>> = {
  dns1123Label: dnsLabel,
  dns1123Subdomain: dnsSubdomain,
  dns1035Label,
  qualifiedName: labelKey,
  dns1123LabelPrefix: prefix(dnsLabel),
  dns1123SubdomainPrefix: prefix(dnsSubdomain),
  dns1035LabelPrefix: prefix(dns1035Label),
  labelValue: labelValueOf,
  uri: (text) => (/^([A-Za-z][A-Za-z0-9+.-]*:[^\s]+|\/[^\s]*)$/.test(text) ? [] : ['invalid URI']),
  uuid,
  byte: (text) =>
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? [] : ['invalid base64'],
  date: (text) => (parseTimestamp(`${text}T00:00:00Z`) === null ? ['invalid date'] : []),
  datetime: (text) => (parseTimestamp(text) === null ? ['invalid datetime'] : []),
};

function format(name: string): OpaqueValue {
  return {
    ...{ kind: 'opaque', name: 'kubernetes.NamedFormat', held: name },
    equals: ({ held }) => held === name,
  };
}

export const formats: FunctionTable = {
  ...Object.fromEntries(Object.keys(rules).map((name) => [`::format.${name}(): Format`, () => format(name)])),
  '::format.named(string): optional<Format>': ([name]) => ({
    kind: 'optional',
    value: Object.hasOwn(rules, name as string) ? format(name as string) : undefined,
  }),
  'Format.validate(string): optional<list<string>>': ([value, text], budget) => {
    spendFor(budget, (text as string).length);
    const { held } = value as OpaqueValue;
    const problems: readonly Value[] = (rules[held as string] as NameRule)(text as string);
    return { kind: 'optional', value: problems.length === 0 ? undefined : list(problems) };
  },
};

/**
 * Whether rules cover others: who gives rights away has to have them. Each rule is taken apart into its smallest parts,
 * of which each is covered by a single rule or not at all. (k8s.io/component-helpers/auth/rbac/validation) Pure.
 */
import { coversPath, type PolicyRule } from './policy-rule.ts';

/** The parts of `wanted` that `owned` does not cover. */
export function missingRules(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap(takeApart).filter((part) => !owned.some((rule) => covers(rule, part)));
}

/** Parts that differ in their verbs alone, as one. */
export function compactRules(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const compacted = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...others } = rule;
    const key = JSON.stringify(others);
    compacted.set(key, { ...others, verbs: [...(compacted.get(key)?.verbs ?? []), ...verbs] });
  }
  return [...compacted.values()];
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as the real server shows a rule. */
export function describeRule(rule: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const shown = parts.filter(([, list]) => list.length > 0);
  const list = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(' ');
  return `{${shown.map(([name, texts]) => `${name}:[${list(texts)}]`).join(', ')}}`;
}

function takeApart(rule: PolicyRule): readonly PolicyRule[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const names = resourceNames.length === 0 ? [[]] : resourceNames.map((name) => [name]);
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => names.map((name) => part([verb], [group], [resource], name, []))),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => part([verb], [], [], [], [url])));
  return [...ofResources, ...ofPaths];
}

function part(
  verbs: readonly string[],
  apiGroups: readonly string[],
  resources: readonly string[],
  resourceNames: readonly string[],
  nonResourceURLs: readonly string[],
): PolicyRule {
  return { verbs, apiGroups, resources, resourceNames, nonResourceURLs };
}

function covers(rule: PolicyRule, wanted: PolicyRule): boolean {
  const has = (list: readonly string[], texts: readonly string[]): boolean =>
    list.includes('*') || texts.every((text) => list.includes(text));
  return (
    has(rule.verbs, wanted.verbs) &&
    has(rule.apiGroups, wanted.apiGroups) &&
    wanted.resources.every((resource) => coversResource(rule.resources, resource)) &&
    wanted.nonResourceURLs.every((url) => rule.nonResourceURLs.some((pattern) => coversPath(pattern, url))) &&
    coversNames(rule.resourceNames, wanted.resourceNames)
  );
}

function coversResource(resources: readonly string[], wanted: string): boolean {
  if (resources.includes('*') || resources.includes(wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash !== -1 && resources.includes(`*${wanted.slice(slash)}`);
}

/** A rule for some names does not cover one for all. */
function coversNames(names: readonly string[], wanted: readonly string[]): boolean {
  if (names.length === 0) return true;
  return wanted.length > 0 && wanted.every((name) => names.includes(name));
}

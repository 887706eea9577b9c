/** How an autoscaler behaves, as an annotation of v1 has it: in the names of Go's own fields. Pure. */
import { isSet, listAt, numberAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { JsonObject, JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';

export function behaviorToGo(behavior: unknown): JsonObject {
  return { ScaleUp: rulesToGo(behavior, 'scaleUp'), ScaleDown: rulesToGo(behavior, 'scaleDown') };
}

/** @returns null where there is none. */
export function behaviorFromGo(value: unknown): JsonObject | null {
  const behavior = {
    ...(isSet(value, 'ScaleUp') ? { scaleUp: rulesFromGo(objectAt(value, 'ScaleUp')) } : {}),
    ...(isSet(value, 'ScaleDown') ? { scaleDown: rulesFromGo(objectAt(value, 'ScaleDown')) } : {}),
  };
  return Object.keys(behavior).length === 0 ? null : behavior;
}

function rulesToGo(behavior: unknown, name: string): JsonValue {
  if (!isSet(behavior, name)) return null;
  const rules = objectAt(behavior, name);
  const policies = listAt(rules, 'policies').map((policy) => ({
    Type: stringAt(policy, 'type'),
    Value: numberAt(policy, 'value'),
    PeriodSeconds: numberAt(policy, 'periodSeconds'),
  }));
  return {
    StabilizationWindowSeconds: isSet(rules, 'stabilizationWindowSeconds')
      ? numberAt(rules, 'stabilizationWindowSeconds')
      : null,
    SelectPolicy: isSet(rules, 'selectPolicy') ? stringAt(rules, 'selectPolicy') : null,
    Policies: isSet(rules, 'policies') ? policies : null,
  };
}

function rulesFromGo(rules: unknown): JsonObject {
  const policies = listAt(rules, 'Policies').map((policy) => ({
    type: stringAt(policy, 'Type'),
    value: numberAt(policy, 'Value'),
    periodSeconds: numberAt(policy, 'PeriodSeconds'),
  }));
  return {
    ...(isSet(rules, 'StabilizationWindowSeconds')
      ? { stabilizationWindowSeconds: numberAt(rules, 'StabilizationWindowSeconds') }
      : {}),
    ...(isSet(rules, 'SelectPolicy') ? { selectPolicy: stringAt(rules, 'SelectPolicy') } : {}),
    ...(isSet(rules, 'Policies') ? { policies } : {}),
  };
}

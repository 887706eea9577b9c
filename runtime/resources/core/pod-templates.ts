/** Templates of pods as objects of their own. (pkg/registry/core/podtemplate) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import { checkPodTemplate, fillInPodTemplate, warnOfPodTemplate } from './pod-template.ts';

export const podTemplates: Strategy = {
  name: dnsSubdomain,
  countsGenerations: true,
  hasStatus: false,
  fillIn: (object) => ({ ...object, template: fillInPodTemplate((object.template ?? {}) as JsonObject) }),
  check: (object) => checkPodTemplate((object.template ?? {}) as JsonObject, 'template'),
  warn: (object, old) =>
    old !== null && old.metadata.generation === object.metadata.generation
      ? []
      : warnOfPodTemplate((object.template ?? {}) as JsonObject, 'template'),
};

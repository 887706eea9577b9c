/**
 * Holds the types that were read of Go sources against `generated.proto`, which says what is on the wire: names, numbers
 * and types of all fields have to agree, so that a mistake in reading either does not reach a device.
 */
import type protobuf from 'protobufjs';
import type { FieldModel, PackageModel } from '../model.ts';
import { findMessage } from './read.ts';

/** What messages the types with an encoding of their own are. */
const specialMessages: Readonly<Record<string, string>> = {
  time: 'Time',
  microTime: 'MicroTime',
  duration: 'Duration',
  fields: 'FieldsV1',
  quantity: 'Quantity',
  intOrString: 'IntOrString',
  raw: 'RawExtension',
};
const listMessages = /\b(Verbs|ExtraValue)$/;

/** Every difference as a sentence. */
export function compareWithProtos(
  path: string,
  model: PackageModel,
  messages: protobuf.Root,
): readonly string[] {
  return model.types.flatMap((type) => {
    const where = `${model.name}.${type.name}`;
    const message = findMessage(messages, path, type.name);
    if (message === null) return [`${where} has no message`];
    const numbers = new Set(type.fields.map((field) => field.number));
    const missing = message.fieldsArray.filter((field) => !numbers.has(field.id));
    return [
      ...missing.map((field) => `${where} lacks the field ${field.name} (${field.id}) of its message`),
      ...type.fields.flatMap((field) => {
        const difference = compareField(field, message);
        return difference === null ? [] : [`${where}, field ${field.number} (${field.json}): ${difference}`];
      }),
    ];
  });
}

function compareField(field: FieldModel, message: protobuf.Type): string | null {
  const wire = message.fieldsById[field.number];
  if (wire === undefined) return 'is not in its message';
  const isMap = 'keyType' in wire;
  const word = field.type.replace(/^\*/, '');
  const shape = word.startsWith('{}') ? 'map' : word.startsWith('[]') ? 'list' : 'single';
  const wireShape = isMap ? 'map' : wire.repeated ? 'list' : 'single';
  if (shape !== wireShape) return `is a ${shape} here and a ${wireShape} on the wire`;
  const base = word.replace(/^(\[\]|\{\})/, '');
  const wireBase = wire.type.replace(/^.*\./, '');
  const wanted = base.replace(/^.*\./, '');
  const agrees =
    base === 'strings' ? listMessages.test(wireBase) : wireBase === (specialMessages[base] ?? wanted);
  return agrees ? null : `is ${field.type} here and ${wire.type} on the wire`;
}

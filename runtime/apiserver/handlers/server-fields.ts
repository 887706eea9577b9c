/** What of an object's metadata only the server says. Pure. */
import type { ApiObject, ObjectMetadata } from '../objects/object-bytes.ts';

/** Told once and for all; who sends another value is told that it cannot change. */
const lasting = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** Of an object that is made nothing of it is taken from a client. */
export function withoutServerFields(metadata: ObjectMetadata): ObjectMetadata {
  const server: ReadonlySet<string> = new Set([...lasting, 'generation', 'selfLink']);
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !server.has(name)));
}

/** What a client left out, as it is; the generation whatever it sent. */
export function withServerFields(sent: ObjectMetadata, { metadata }: ApiObject): ObjectMetadata {
  const { generation: _, selfLink: __, ...kept } = sent;
  const missing = ['name', 'namespace', ...lasting].filter((name) => (kept[name] ?? null) === null);
  const server = [...missing, 'generation'].filter((name) => metadata[name] !== undefined);
  return { ...kept, ...Object.fromEntries(server.map((name) => [name, metadata[name]])) };
}

export function finalizersOf({ metadata }: ApiObject): readonly string[] {
  return (metadata.finalizers ?? []) as readonly string[];
}

/** Reads .proto files, each in its own package, and resolves what they import from one another. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import protobuf from 'protobufjs';
import { BuildError } from '../../build-error.ts';

/** @param root the directory that holds `k8s.io/`; all `generated.proto` below it become one tree of messages. */
export async function readProtos(root: string): Promise<protobuf.Root> {
  const files = globSync('k8s.io/**/generated.proto', { cwd: root }).sort();
  return parseProtos(
    await Promise.all(
      files.map(async (file) => ({ file, text: await readFile(path.join(root, file), 'utf8') })),
    ),
  );
}

/** @throws BuildError naming the file that is no .proto. */
export function parseProtos(
  files: readonly { readonly file: string; readonly text: string }[],
): protobuf.Root {
  const messages = new protobuf.Root();
  for (const { file, text } of files) {
    try {
      protobuf.parse(text, messages, { keepCase: true });
    } catch (cause) {
      throw new BuildError('damaged-input', `${file}: ${(cause as Error).message}`, { cause });
    }
  }
  return messages;
}

/** The message of a Go type, by the path of its package. */
export function findMessage(
  messages: protobuf.Root,
  packagePath: string,
  name: string,
): protobuf.Type | null {
  const found = messages.lookup(`${packagePath.replaceAll('-', '_').split('/').join('.')}.${name}`);
  return found instanceof protobuf.Type ? found : null;
}

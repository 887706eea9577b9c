/** All API types: those of Kubernetes' Go sources, which must agree with its protos, and those of our own .proto files. */
import { BuildError } from '../build-error.ts';
import { modelOfPackage } from './go/model.ts';
import { readGoPackages } from './go/read.ts';
import type { PackageModel } from './model.ts';
import type { Swagger } from './openapi/document.ts';
import { compareWithProtos } from './protobuf/compare.ts';
import { readOwnPackages } from './protobuf/model.ts';
import { findMessage, readProtos } from './protobuf/read.ts';

/** @param goRoot the directory that holds `k8s.io/`. Sorted by name. */
export async function readModel(goRoot: string, swagger: Swagger): Promise<readonly PackageModel[]> {
  const [packages, messages] = await Promise.all([readGoPackages(goRoot), readProtos(goRoot)]);
  const byPath = new Map(packages.map((item) => [item.path, item]));
  const isMessage = (path: string, name: string): boolean => findMessage(messages, path, name) !== null;
  const models = packages.map((item) => modelOfPackage(item, byPath, isMessage));
  const differences = models.flatMap((model, index) =>
    compareWithProtos(packages[index]!.path, model, messages),
  );
  if (differences.length > 0) {
    throw new BuildError(
      'damaged-input',
      `Kubernetes' types.go and generated.proto differ, so one of them was misread:\n  ${differences.slice(0, 10).join('\n  ')}`,
    );
  }
  const all = [...models, ...(await readOwnPackages(swagger))];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

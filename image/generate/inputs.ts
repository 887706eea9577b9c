/**
 * What the schemas are made of, pinned by hash: Kubernetes 1.32's definitions from Debian trixie, and an OpenAPI document
 * of 1.30 for what those packages leave out. Change a line here and `npm run generate` fetches the new one.
 */
import type { Package } from '../packages/package.ts';

const pool = 'pool/main';

export const inputs = {
  api: goPackage('golang-k8s-api-dev', '0.32.3-1', 675_788, {
    sha256: 'f7b52c32b3522bf8c6ccc7c9645d01c87cbee31ab22de2a92de56fac3e4dd772',
  }),
  apimachinery: goPackage('golang-k8s-apimachinery-dev', '0.32.3-2', 520_748, {
    sha256: '7b83b05ec2fd0bf6f1db8a2b0c0dcbfbdd5ec555210ea5c4dc09575346fdf2f6',
  }),
  /** Holds the schema of server-side apply, which ours is held against. */
  clientGo: goPackage('golang-k8s-client-go-dev', '0.32.3-2', 879_020, {
    sha256: 'e011bd3035b6d4c93bff39fff54ad2842639d31c655a1393c59a8d5137fb5cb8',
  }),
  /** Says how an OpenAPI v2 document is written in protobuf. */
  gnosticModels: {
    name: 'golang-github-google-gnostic-models-dev',
    version: '0.6.8-3',
    architecture: 'all',
    archive: 'debian',
    path: `${pool}/g/golang-github-google-gnostic-models/golang-github-google-gnostic-models-dev_0.6.8-3_all.deb`,
    sizeBytes: 100_012,
    sha256: '318adc22c251cb33ec6d6be655049549fedbcf5863af0567afdd53be47d1a081',
  },
  metrics: goPackage('golang-k8s-metrics-dev', '0.32.3-1', 41_416, {
    sha256: '457f53f87cd5d4630e830928dd10827505b187e1345e0d1b07bc8f7d0c9a6848',
  }),
  /** The source package: its binary package has no OpenAPI document. */
  pythonKubernetes: {
    name: 'python-kubernetes',
    version: '30.1.0-2',
    architecture: 'source',
    archive: 'debian',
    path: `${pool}/p/python-kubernetes/python-kubernetes_30.1.0.orig.tar.gz`,
    sizeBytes: 2_072_590,
    sha256: '1b2d5fd5b1eaa85b329c6307ec18456652fb357ff28cb09ed3226e3680f365dd',
  },
} as const satisfies Record<string, Package>;

function goPackage(
  name: `${string}-dev`,
  version: string,
  sizeBytes: number,
  { sha256 }: { readonly sha256: string },
): Package {
  const source = name.replace(/-dev$/, '');
  return {
    ...{ name, version, architecture: 'all', archive: 'debian', sizeBytes, sha256 },
    path: `${pool}/g/${source}/${name}_${version}_all.deb`,
  };
}

/** An operator's certificate as a kubeconfig (kubernetes client-go, `clientcmd/api/v1`). */
import { stringify } from 'yaml';
import type { OperatorCertificate } from '../admin/protocol.ts';

export interface KubeconfigParts
  extends Pick<OperatorCertificate, 'operator' | 'certificate' | 'caCertificate'> {
  /** What the cluster is called on this workstation. */
  readonly cluster: string;
  /** The nodes, that which is to be used first before the others. At least one. */
  readonly nodes: readonly KubeconfigNode[];
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
}

export interface KubeconfigNode {
  readonly name: string;
  /** IPv6 addresses without brackets. */
  readonly host: string;
  /** Of the Kubernetes API. */
  readonly port: number;
}

/** Every node has a certificate for this name, whatever its address is. */
const serverName = 'kubernetes';

/**
 * YAML; it holds the private key. The cluster's own name is a context for the first node, and each node has one of its own,
 * `CLUSTER-NODE`, since kubectl tries no second server by itself.
 */
export function formatKubeconfig(parts: KubeconfigParts): string {
  const { cluster, nodes, operator, certificate, caCertificate, privateKey } = parts;
  const user = `${operator}@${cluster}`;
  const authority = base64(caCertificate);
  const [first] = nodes as [KubeconfigNode];
  const named = [
    { name: cluster, node: first },
    ...nodes.map((node) => ({ name: `${cluster}-${node.name}`, node })),
  ];
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: named.map(({ name, node }) => ({
        name,
        cluster: {
          server: `https://${node.host.includes(':') ? `[${node.host}]` : node.host}:${node.port}`,
          'tls-server-name': serverName,
          'certificate-authority-data': authority,
        },
      })),
      users: [
        {
          name: user,
          user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(privateKey) },
        },
      ],
      contexts: named.map(({ name }) => ({ name, context: { cluster: name, user } })),
      'current-context': cluster,
    },
    { lineWidth: 0 },
  );
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

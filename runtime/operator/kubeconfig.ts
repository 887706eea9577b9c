/** An operator's certificate as a kubeconfig (kubernetes client-go, `clientcmd/api/v1`). */
import { stringify } from 'yaml';
import type { OperatorCertificate } from '../admin/protocol.ts';

export interface KubeconfigParts
  extends Pick<OperatorCertificate, 'operator' | 'certificate' | 'caCertificate'> {
  /** What the cluster is called on this workstation. */
  readonly cluster: string;
  /** The host of a node; IPv6 addresses without brackets. */
  readonly host: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
}

const apiPort = 6443;

/** YAML; it holds the private key. */
export function formatKubeconfig(parts: KubeconfigParts): string {
  const { cluster, host, operator, certificate, caCertificate, privateKey } = parts;
  const user = `${operator}@${cluster}`;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${apiPort}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(caCertificate) } }],
      users: [
        {
          name: user,
          user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(privateKey) },
        },
      ],
      contexts: [{ name: cluster, context: { cluster, user } }],
      'current-context': cluster,
    },
    { lineWidth: 0 },
  );
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

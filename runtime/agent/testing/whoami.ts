/** The API's own word for who asks, without kubectl, which shows more than one proof at once. */
import https from 'node:https';
import type { TestNode } from './test-cluster.ts';

export interface Answer {
  readonly code: number;
  readonly status: { readonly userInfo?: { readonly username?: string } };
}

/** Asks the node whom it takes a client for, by what the client shows and says. */
export function whoami(
  node: TestNode,
  tls: https.RequestOptions,
  headers: Record<string, string>,
): Promise<Answer> {
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  return new Promise((resolve, reject) => {
    const request = https.request({
      ...{ host: '127.0.0.1', port: node.apiPort, method: 'POST', rejectUnauthorized: false, ...tls },
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        const { status = {} } = text.startsWith('{') ? JSON.parse(text) : {};
        resolve({ code: response.statusCode ?? 0, status });
      });
    });
    request.end(body);
  });
}

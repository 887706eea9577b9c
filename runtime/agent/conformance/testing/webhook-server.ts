/** A server of webhooks on loopback, which is reached by its address. */
import type { Test } from 'tap';
import { type Review, serveHooks } from '../../../apiserver/admission/testing/serve-hooks.ts';
import type { Json } from './open-cluster.ts';

/** What is answered to a review's request; whoever wants to let others wait takes its time. */
export type Hook = (request: Json) => object | Promise<object>;

export interface WebhookServer {
  /** For `clientConfig`. */
  readonly clientConfig: (path: string) => { readonly url: string; readonly caBundle: string };
}

/** @param hooks by path; reviews of admission and of conversion alike */
export async function openWebhookServer(
  t: Test,
  hooks: Readonly<Record<string, Hook>>,
): Promise<WebhookServer> {
  const answers = Object.entries(hooks).map(([path, hook]) => [path, answering(hook)] as const);
  const { url, caBundle } = await serveHooks(t, Object.fromEntries(answers));
  return { clientConfig: (path) => ({ url: url(path), caBundle }) };
}

function answering(hook: Hook) {
  return async ({ apiVersion, kind, request }: Review): Promise<object> => ({
    ...{ apiVersion, kind },
    response: { uid: request.uid, ...(await hook(request)) },
  });
}

export const allows: Hook = () => ({ allowed: true });

export function denies(message: string): Hook {
  return () => ({ allowed: false, status: { message, reason: message } });
}

/** @param operations a JSON patch, of what is asked about */
export function patches(operations: (object: Json) => readonly object[]): Hook {
  return ({ object }) => ({
    ...{ allowed: true, patchType: 'JSONPatch' },
    patch: Buffer.from(JSON.stringify(operations(object))).toString('base64'),
  });
}

/** Approves, signs and clears away requests for certificates. */
import { X509Certificate } from 'node:crypto';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { booleanAt, numberAt, objectAt, stringAt, stringsAt } from '../../apiserver/objects/read-path.ts';
import type { ApiClient } from '../client/api-client.ts';
import { keyOf, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { timeOf } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import {
  approved,
  isOpen,
  issued,
  isToSign,
  permissionsFor,
  refusalOf,
  refused,
  removals,
} from './plan-request.ts';
import { readRequest } from './read-request.ts';
import { type CertificateSigner, SigningRefused } from './signer.ts';

const accessReviews = { group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' };
const longestSeconds = 365 * 24 * 3600;
const cleaningMilliseconds = 600_000;
/** Whoever may not have a certificate yet may be allowed to. */
const askAgainMilliseconds = 5_000;

interface Decided {
  readonly writes: readonly Write[];
  /** Nobody allows it now. */
  readonly isUnanswered: boolean;
}

export function runCertificates(context: ControllerContext, sign: CertificateSigner): void {
  const { clock, informers } = context;
  const client = context.clientOf('certificate-controller');
  const requests = informers.of(resources.certificateRequests);
  runController<Decided, Write>(
    {
      name: 'certificates',
      sources: [{ informer: requests, keysOf: (request) => [keyOf(request)] }],
      // To approve and to sign is to ask others: what they say is part of what is observed.
      observe: async (key) => {
        const request = requests.lister.byKey(key);
        if (request === null) return decided([]);
        const old = removals(request, clock.wallNow(), expiryOf(request));
        if (old.length > 0) return decided(old);
        if (isOpen(request)) return await approve(client, request);
        return decided(isToSign(request) ? await signOrRefuse(request, sign, timeOf(clock.wallNow())) : []);
      },
      plan: ({ writes }) => writes,
      act: (write) => perform(client, write),
      againAfter: ({ isUnanswered }) => (isUnanswered ? askAgainMilliseconds : null),
      regularly: { keys: () => requests.lister.all().map(keyOf), everyMilliseconds: cleaningMilliseconds },
    },
    context,
  );
}

function decided(writes: readonly Write[]): Decided {
  return { writes, isUnanswered: false };
}

async function approve(client: ApiClient, request: ApiObject): Promise<Decided> {
  const contents = await readRequest(requestOf(request));
  const permissions = contents === null ? [] : permissionsFor(request, contents);
  for (const permission of permissions) {
    if (await mayHave(client, request, permission.subresource))
      return decided([approved(request, permission)]);
  }
  return { writes: [], isUnanswered: permissions.length > 0 };
}

/** Whether who sent it may have such certificates made. */
async function mayHave(client: ApiClient, request: ApiObject, subresource: string): Promise<boolean> {
  const attributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    verb: 'create',
    subresource,
  };
  const review = await client.create(accessReviews, {
    ...{ kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {} },
    spec: {
      user: stringAt(request, 'spec', 'username'),
      uid: stringAt(request, 'spec', 'uid'),
      groups: stringsAt(request, 'spec', 'groups'),
      extra: objectAt(request, 'spec', 'extra'),
      resourceAttributes: attributes,
    },
  });
  return booleanAt(review, 'status', 'allowed') === true;
}

async function signOrRefuse(
  request: ApiObject,
  sign: CertificateSigner,
  now: string,
): Promise<readonly Write[]> {
  const pem = requestOf(request);
  const why = refusalOf(request, await readRequest(pem));
  if (why !== '') return [refused(request, why, now)];
  const wished = numberAt(request, 'spec', 'expirationSeconds');
  const order = {
    request: pem,
    usages: stringsAt(request, 'spec', 'usages'),
    validSeconds: wished === 0 ? longestSeconds : Math.min(wished, longestSeconds),
  };
  try {
    return [issued(request, await sign(order))];
  } catch (error) {
    if (error instanceof SigningRefused) return [refused(request, error.message, now)];
    throw error;
  }
}

function requestOf(request: ApiObject): string {
  return Buffer.from(stringAt(request, 'spec', 'request'), 'base64').toString();
}

/** Null where there is no certificate, or one that cannot be read. */
function expiryOf(request: ApiObject): number | null {
  const pem = Buffer.from(stringAt(request, 'status', 'certificate'), 'base64');
  try {
    return pem.length === 0 ? null : Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return null;
  }
}

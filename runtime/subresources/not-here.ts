/** What only a node that runs containers can answer, and says so until it does. */
import { connecting } from '../apiserver/handlers/admit.ts';
import type { SpecialHandler, SpecialHandlers } from '../apiserver/handlers/special.ts';
import { ApiError } from '../apiserver/status.ts';

const whats: Readonly<Record<string, string>> = {
  '/pods/log': 'there is no log to show',
  '/pods/exec': 'nothing can be run in a pod',
  '/pods/attach': 'there is nothing to attach to',
  '/pods/portforward': 'no port of a pod can be reached',
  '/pods/proxy': 'no pod can be reached',
  '/services/proxy': 'no service can be reached',
  '/nodes/proxy': 'no node can be reached through the API',
};

export const needsContainers: SpecialHandlers = Object.fromEntries(
  Object.entries(whats).map(([name, why]) => [
    name,
    // Logs are read; everything else is a connection.
    name === '/pods/log' ? refuse(why) : connecting(refuse(why)),
  ]),
);

function refuse(why: string): SpecialHandler {
  return async () => {
    throw new ApiError('ServiceUnavailable', `this version of Trivet runs no containers yet, so ${why}`);
  };
}

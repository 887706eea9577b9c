/** The core thread. */
import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../config/schema.ts';
import type { FromCore, ToCore } from './core-protocol.ts';

export function runCore(port: MessagePort, config: Config): void {
  const send = (message: FromCore): void => port.postMessage(message);
  port.on('message', (message: ToCore) => {
    if (message.type === 'stop') send({ type: 'stopped' });
  });
  send({ type: 'log', line: `trivet: starting ${config.cluster.name}\n` });
  send({ type: 'ready' });
}

/** What an operator may ask from afar, once the key is proved: who this is, its status, and a certificate. Nothing else. */
import type { TLSSocket } from 'node:tls';
import type { OperatorHello } from '../admin/protocol.ts';
import { strangerFrameLimitBytes } from '../peers/frames.ts';
import { RpcError, serveRpc } from '../peers/rpc.ts';

export interface OperatorDesk {
  /** @param isAlone on a connection whose certificate nobody vouches for: it speaks for no cluster */
  hello(isAlone: boolean): Promise<OperatorHello>;
  /** As `trivet status --json` prints it. */
  status(): Promise<unknown>;
  /** Rejects with `RpcError`. */
  certificate(publicKey: string): Promise<unknown>;
}

/** A program that asks and waits does so more often. */
const idleMilliseconds = 60_000;

/** Serves until the connection ends. `publicKey` is the operator's, proved. */
export function serveOperator(socket: TLSSocket, publicKey: string, desk: OperatorDesk): void {
  socket.setTimeout(idleMilliseconds, () => socket.destroy());
  // The machine may become a member while somebody asks; this connection has shown what it was before.
  const shown = socket.getX509Certificate();
  const isAlone = shown?.issuer === shown?.subject;
  serveRpc(socket, strangerFrameLimitBytes, async (method) => {
    switch (method) {
      case 'hello':
        return desk.hello(isAlone);
      case 'status':
        return desk.status();
      case 'certificate':
        return desk.certificate(publicKey);
      default:
        throw new RpcError('unknownMethod', `This version answers no "${method}" to an operator.`);
    }
  });
}

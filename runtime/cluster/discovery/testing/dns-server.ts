/** A name server for tests: answers from a table that can change, or fails as real ones do. */
import { createSocket, type Socket } from 'node:dgram';
import { type Answer, decode, encode } from 'dns-packet';

const noSuchName = 3;
const serverFailure = 2;

export class DnsServer {
  /** What it knows; a name that is not among it does not exist. */
  records: readonly Answer[] = [];
  mode: 'answers' | 'fails' | 'silent' = 'answers';
  /** Names as they were asked for. */
  readonly asked: string[] = [];
  readonly #socket: Socket;

  /** Listens when it resolves; port 0 takes a free one. */
  static listen(address: string, port: number): Promise<DnsServer> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, () => resolve(new DnsServer(socket)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      const answer = this.#answer(bytes);
      if (answer !== null) socket.send(answer, from.port, from.address, () => {});
    });
  }

  /** `address:port`. */
  get place(): string {
    const { address, port } = this.#socket.address();
    return `${address}:${port}`;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(bytes: Buffer): Uint8Array | null {
    const { id, questions = [] } = decode(bytes);
    const [question] = questions;
    if (question === undefined || this.mode === 'silent') return null;
    this.asked.push(`${question.name} ${question.type}`);
    const named = this.records.filter(({ name }) => name === question.name.toLowerCase());
    const answers = named.filter(({ type }) => type === question.type);
    const code = this.mode === 'fails' ? serverFailure : named.length === 0 ? noSuchName : 0;
    // Bit 8: recursion was desired, bit 7: and is available; the answer's code is in the lowest four.
    const flags = 0x0180 + code;
    return encode({ id: id ?? 0, type: 'response', flags, questions, answers: code === 0 ? answers : [] });
  }
}

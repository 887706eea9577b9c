/** A machine's own disk: what it writes goes to an overlay, the image under it stays as it was built. */
import { spawn } from 'node:child_process';
import { MachineError } from './machine-error.ts';

export interface OverlayOptions {
  readonly imageFile: string;
  readonly overlayFile: string;
  /** What the machine sees; larger than the image, so that its data partition has room. */
  readonly sizeBytes: number;
}

/** Makes an empty overlay. Throws `MachineError`. */
export function createOverlay({ imageFile, overlayFile, sizeBytes }: OverlayOptions): Promise<void> {
  const child = spawn(
    'qemu-img',
    ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', imageFile, overlayFile, String(sizeBytes)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new MachineError('missingProgram', 'qemu-img is not installed: apt-get install qemu-utils')
          : new MachineError('diskFailed', `qemu-img cannot be started: ${cause.message}`, { cause }),
      );
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new MachineError('diskFailed', `No disk over ${imageFile} can be made: ${said.trim()}`));
    });
  });
}

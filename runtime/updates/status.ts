/** What a person wants to know of the system's versions: what runs, from which slot, and what the other one holds. */
import type { SystemStatus } from '../admin/protocol.ts';
import { readBootState } from './boot-state.ts';
import { type DevicePaths, devicePaths, readDevice, readImageFacts } from './device.ts';
import { readOutcome } from './notes.ts';

/** Null where no image of Trivet runs. What cannot be read is said in `problem`. */
export function readSystemStatus(paths: DevicePaths = devicePaths): SystemStatus | null {
  try {
    if (readImageFacts(paths) === null) return null;
    const device = readDevice(paths);
    const { name, version, architecture, target, keys } = device.image;
    const image = { name, version, architecture, target, keys, slot: device.slot };
    const lastUpdate = readOutcome(paths);
    try {
      const { running, other } = readBootState(device);
      return {
        ...image,
        state: running.state === 'trial' ? 'trial' : 'good',
        other,
        lastUpdate,
        problem: null,
      };
    } catch (error) {
      return { ...image, state: 'unknown', other: null, lastUpdate, problem: (error as Error).message };
    }
  } catch (error) {
    return { ...unknown, problem: (error as Error).message };
  }
}

const unknown: Omit<SystemStatus, 'problem'> = {
  ...{ name: 'unknown', version: 'unknown', architecture: 'unknown', target: 'unknown' },
  ...{ keys: 'operator', slot: null, state: 'unknown', other: null, lastUpdate: null },
};

/** Where this checkout is and which version it builds. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const checkout = path.resolve(import.meta.dirname, '..');

export const version = (
  JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8')) as { version: string }
).version;

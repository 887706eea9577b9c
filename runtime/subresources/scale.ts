/** `scale` of the server's own kinds. */
import { scaleHandler } from '../apiserver/handlers/scale.ts';
import { scaleOf, withScale } from '../resources/scale.ts';

export const serveScale = scaleHandler({ read: scaleOf, write: withScale });

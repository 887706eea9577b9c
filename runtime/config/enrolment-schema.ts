/** How long the enrolment secret admits machines, which, and whether they need a voucher. */
import * as z from 'zod';

export const enrolmentSchema = z.strictObject({
  /** So many machines, the first one of the cluster counted; no limit when absent. */
  nodes: z.int().min(1).max(100_000).optional(),
  /** So many hours of the cluster's life, the time without a leader not counted; no limit when absent. */
  hours: z.number().positive().max(87_600).optional(),
  /** Only machines with one of these serial numbers, as their firmware or board names them. */
  serials: z
    .array(
      z
        .string()
        .regex(/^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/, 'must be 1 to 64 printable characters'),
    )
    .min(1, 'names nobody: leave it out to admit any machine that knows the secret')
    .optional(),
  /** Keys of a factory's batches. Only machines with a voucher of one of them are admitted, or may begin the cluster. */
  vouchers: z
    .array(
      z.string().regex(/^k1\.[A-Za-z0-9_-]{43}$/, 'must be the key of a batch, as trivet factory prints it'),
    )
    .min(1, 'names no batch: leave it out to admit machines without vouchers')
    .max(16)
    .optional(),
});

export type EnrolmentWindow = z.infer<typeof enrolmentSchema>;

/** What people call a voucher: 12 hexadecimal digits that follow from its key. For commands, which load nothing else of it. */

export const voucherIdPattern = /^[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}$/;

/** @param fingerprint at least 12 hexadecimal digits. */
export function voucherIdOf(fingerprint: string): string {
  return `${fingerprint.slice(0, 4)}-${fingerprint.slice(4, 8)}-${fingerprint.slice(8, 12)}`;
}

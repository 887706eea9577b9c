/** The disk formats by name. */

/** What can be written beside the raw image, which is always there. */
export const extraFormats = ['qcow2', 'vmdk', 'vhd'] as const;
export type ExtraFormat = (typeof extraFormats)[number];

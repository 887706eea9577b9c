/** A file of the boot partition. */
export type BootFile = { readonly target: string } & (
  | { readonly source: string }
  | { readonly content: string | Uint8Array }
);

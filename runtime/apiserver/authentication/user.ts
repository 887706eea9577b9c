/** Who a request comes from, as authentication says and authorization, admission and audit read it. */

/** A user, a node or a service account. `extra` is what an authenticator adds for authorizers of its own. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

declare module 'systemd-notify' {
  interface Options {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  function notify(options: Options): Promise<unknown>;
  export = notify;
}

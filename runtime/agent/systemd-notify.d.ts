declare module 'systemd-notify' {
  interface Options {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  export default function notify(options: Options): Promise<unknown>;
}

/** Tells systemd how the agent is: ready, a line of status, and that it is still alive. */
import { spawn } from 'node:child_process';
import notify from 'systemd-notify';

/** What systemd wants to hear; every call does nothing when the agent was not started by systemd. */
export interface ServiceManager {
  ready(): void;
  status(text: string): void;
  /** Milliseconds between signs of life that systemd expects, or null when it does not watch. */
  readonly watchdogMilliseconds: number | null;
  alive(): void;
}

/** Reads NOTIFY_SOCKET and WATCHDOG_USEC (sd_notify(3), sd_watchdog_enabled(3)). */
export function connectServiceManager(environment: NodeJS.ProcessEnv): ServiceManager {
  const active = environment.NOTIFY_SOCKET !== undefined;
  const watchdogMicroseconds = Number(environment.WATCHDOG_USEC ?? 0);
  const ignore = (): void => {};
  return {
    ready: () => active && void notify({ ready: true }).catch(ignore),
    status: (text) => active && void notify({ status: text }).catch(ignore),
    watchdogMilliseconds: active && watchdogMicroseconds > 0 ? watchdogMicroseconds / 1000 : null,
    // The package knows no watchdog message; the tool that it calls does.
    alive: () =>
      active && void spawn('systemd-notify', ['WATCHDOG=1'], { stdio: 'ignore' }).on('error', ignore),
  };
}

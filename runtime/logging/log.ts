/**
 * The agent's log: pino's records printed as one plain line each, because on an appliance the same lines go to
 * the journal and to the console, where a person reads them first.
 */
import pino from 'pino';

export type Log = pino.Logger;

const levelNames: Record<number, string> = { 30: '', 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' };

/** A logger that prints `trivet: [level:] message key=value …`; secrets are never passed to it. */
export function createLog(
  write: (line: string) => void,
  level = process.env.TRIVET_LOG_LEVEL ?? 'info',
): Log {
  return pino(
    { base: null, level, timestamp: false },
    { write: (record: string) => write(formatRecord(record)) },
  );
}

function formatRecord(record: string): string {
  const { level, msg, ...fields } = JSON.parse(record) as {
    level: number;
    msg?: string;
    [key: string]: unknown;
  };
  const details = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('');
  return `trivet: ${levelNames[level] ?? 'debug: '}${msg ?? ''}${details}\n`;
}

function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** What people and programs see: data on stdout, talk on stderr, colour only where a terminal shows it. */
import { once } from 'node:events';
import type { Environment } from '../environment/environment.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const codes: Record<Style, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

export interface TerminalOptions {
  json: boolean;
  quiet: boolean;
  color: boolean;
}

export class Terminal {
  /** Whether stdout carries JSON, so that a failure must be JSON too. */
  json: boolean;
  readonly quiet: boolean;
  /** Whether anything stands on stdout yet: a second document would spoil the first. */
  hasWritten = false;
  private readonly color: boolean;

  constructor({ json, quiet, color }: TerminalOptions) {
    this.json = json;
    this.quiet = quiet;
    this.color = color;
  }

  /** Whether a person watches stderr, so that a line may be redrawn. */
  get animated(): boolean {
    return !this.quiet && this.color && process.stderr.isTTY === true;
  }

  /** Data, awaited so that a slow reader slows us down instead of filling the memory. */
  async data(text: string): Promise<void> {
    this.hasWritten = true;
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }

  /** One JSON document. */
  async document(value: unknown): Promise<void> {
    await this.data(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);
  }

  /** A line of talk. */
  say(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`);
  }

  /** A line that also `--quiet` lets through: something is wrong. */
  complain(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
  }
}

/** Reads what concerns output before the command line is understood as a whole, because its faults are output too. */
export function terminalOptions(argv: readonly string[], environment: Environment): TerminalOptions {
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  const refused = argv.includes('--no-color') || (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return {
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet') || argv.includes('-q'),
    color: !refused && (forced || process.stderr.isTTY === true),
  };
}

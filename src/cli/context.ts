/** What every command gets, and what a command is. */
import type { Command } from 'commander';
import type { Environment } from '../environment/environment.ts';
import type { Terminal } from './terminal.ts';

export interface Context {
  terminal: Terminal;
  environment: Environment;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  /** Sets the exit code of a command that ended without an error of its own. */
  exit(code: number): void;
}

/** Gives a command its arguments, options, examples and action. */
export type Configure = (command: Command, context: Context) => void;

/** One line of the table of commands; the code behind a command is loaded only when it is called. */
export type CommandEntry =
  | { name: string; summary: string; load: () => Promise<Configure> }
  | { name: string; summary: string; commands: readonly CommandEntry[] };

#!/usr/bin/env node
/** The command line `da`: finds the command, loads it, runs it, and ends with an honest exit code. */
import { readEnvironment } from '../environment/environment.ts';
import { catchSignals } from './catch-signals.ts';
import { commands } from './commands.ts';
import { reportError } from './report-error.ts';
import { runCommand } from './run-command.ts';
import { Terminal, terminalOptions } from './terminal.ts';

const environment = readEnvironment();
const argv = process.argv.slice(2);
const terminal = new Terminal(terminalOptions(argv, environment));
const { signal, exitCodeOfSignal } = catchSignals();

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  terminal.complain(`error: Standard output cannot be written: ${error.message}`);
  process.exit(1);
});

try {
  process.exitCode = await runCommand(commands, argv, { terminal, environment, signal });
} catch (thrown) {
  const secrets = [environment.DA_TOKEN, environment.DA_ADMIN_TOKEN].filter((value) => value !== undefined);
  const exitCode = await reportError(thrown, terminal, secrets);
  process.exitCode = exitCodeOfSignal() ?? exitCode;
}

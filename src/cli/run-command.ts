/** Finds the command that the arguments name, loads its code and nothing else, and runs it. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { AttacheError } from '../errors/attache-error.ts';
import { commentsLast } from './comments-last.ts';
import type { CommandEntry, Context } from './context.ts';

/** Returns the exit code; throws what went wrong. */
export async function runCommand(
  entries: readonly CommandEntry[],
  argv: readonly string[],
  surroundings: Omit<Context, 'exit'>,
): Promise<number> {
  let exitCode = 0;
  const context: Context = {
    ...surroundings,
    exit: (code) => {
      exitCode = code;
    },
  };
  // `da help sync` is `da sync --help`.
  const asked = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const program = prepare(new Command('da'));
  program
    .description(
      'Data Attaché: pulls tables out of any source, serves them, and keeps a verified copy on your machine.',
    )
    .version(readVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'help for a command')
    .addHelpText('after', overview);
  const called = await addCommands(program, entries, asked, context);
  if (called.isGroup && called.rest.length === 0) {
    called.command.outputHelp();
    return 0;
  }
  try {
    const words = namesNothing(called) ? asked.filter((word) => !helpFlags.has(word)) : asked;
    await program.parseAsync(commentsLast(words, called.command.options), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return 0;
    throw new AttacheError('usage', {
      message: thrown.message.replace(/^error: /, ''),
      hint: `See \`${pathOf(called.command)} --help\`.`,
    });
  }
  return exitCode;
}

const helpFlags = new Set(['-h', '--help']);

/** Help for a command that is not there would be help for something else. */
function namesNothing({ isGroup, rest }: Called): boolean {
  return isGroup && rest[0] !== undefined && !rest[0].startsWith('-');
}

const overview = `
Examples:
  $ da serve --data-dir ./data --config instance.yaml    start a server
  $ da login https://data.example.com                    sign in
  $ da sync --workspace ~/data                           bring a workspace up to date
  $ da query --workspace ~/data 'SELECT count(*) FROM orders'

Exit codes: 0 ok, 1 failure, 2 usage, 3 partial, 4 not allowed, 5 not found, 6 locked or conflict, 7 integrity, 8 unreachable.`;

interface Called {
  command: Command;
  isGroup: boolean;
  /** Arguments behind the command's name. */
  rest: readonly string[];
}

/** Adds every command by name, and what the arguments call with all its code. */
async function addCommands(
  parent: Command,
  entries: readonly CommandEntry[],
  argv: readonly string[],
  context: Context,
): Promise<Called> {
  let called: Called = { command: parent, isGroup: true, rest: argv };
  for (const entry of entries) {
    const command = prepare(parent.command(entry.name)).description(entry.summary);
    const isCalled = entry.name === argv[0];
    const rest = argv.slice(1);
    if ('commands' in entry) {
      const inner = await addCommands(command, entry.commands, isCalled ? rest : [], context);
      if (isCalled) called = inner;
    } else if (isCalled) {
      addCommonOptions(command);
      (await entry.load())(command, context);
      called = { command, isGroup: false, rest };
    }
  }
  return called;
}

function prepare(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
    .helpOption('-h, --help', 'show this help');
}

/** Read by `terminalOptions`; declared here so that every command takes and documents them. */
function addCommonOptions(command: Command): void {
  command
    .option('--json', 'print one JSON document on stdout')
    .option('-q, --quiet', 'no talk on stderr but errors')
    .option('--no-color', 'no colour, no animation');
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

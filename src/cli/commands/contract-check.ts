/** `da contract check`: says whether a folder fulfils the contract of an extract. */
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type CheckOutcome, checkExtract } from '../../contract/check.ts';
import { errorCodes } from '../../errors/codes.ts';
import type { Context } from '../context.ts';
import { plural } from '../output/units.ts';
import { printable } from '../printable.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  deep?: boolean;
}

export function configure(command: Command, context: Context): void {
  command
    .argument('<dir>', 'the folder with extract.duckdb')
    .option('--deep', 'also compare every row of a view with the rows of its parts')
    .addHelpText(
      'before',
      `For whoever writes extracts with a program of their own.\n
Examples:
  $ da contract check ./data/extracts/crm
  $ da contract check ./my-extract --deep --json
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {ok, findings: [{code, severity, table, message}], tables: [{name, query_mode, object, rows, parts}]}.\nExit 0 when it does (warnings allowed), 7 when it does not.',
    )
    .action((directory: string, options: Options) => run(directory, options, context));
}

async function run(directory: string, options: Options, context: Context): Promise<void> {
  const tempDirectory = await mkdtemp(join(tmpdir(), 'da-check-'));
  try {
    const limits = { memoryLimit: '1GB', threads: 2, tempDirectory };
    // Where a rebuild reads a view from: its relative paths start here.
    const folder = resolve(directory);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) process.chdir(folder);
    const outcome = await checkExtract(folder, { limits, deep: options.deep ?? false, signal: context.signal });
    if (context.terminal.json) await context.terminal.document(outcome);
    else await tell(context.terminal, folder, outcome);
    context.exit(outcome.ok ? 0 : errorCodes.contract_broken.exit);
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
}

/** Findings are what was asked for, so they are data. */
async function tell(terminal: Terminal, directory: string, { ok, findings, tables }: CheckOutcome): Promise<void> {
  for (const { code, severity, table, message } of findings) {
    const mark = terminal.paint(severity === 'error' ? 'red' : 'yellow', severity);
    await terminal.data(`${mark} ${code}${table === null ? '' : ` ${printable(table)}`}: ${printable(message)}\n`);
  }
  const verdict = ok ? terminal.paint('green', 'fulfils the contract') : terminal.paint('red', 'breaks the contract');
  await terminal.data(
    `${directory} ${verdict}: ${plural(tables.length, 'table')}, ${plural(findings.length, 'finding')}\n`,
  );
}

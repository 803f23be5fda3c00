/** `da sync`: brings a workspace up to date. */
import { type Command, InvalidArgumentError } from 'commander';
import { toErrorRecord } from '../../errors/attache-error.ts';
import { errorCodes } from '../../errors/codes.ts';
import type { SyncReport } from '../../workspace/shapes.ts';
import { syncWorkspace } from '../../workspace/sync-workspace.ts';
import { ensureWorkspace, readMarker } from '../../workspace/workspace-folder.ts';
import { addWorkspaceOption, chooseWorkspace } from '../choose-workspace.ts';
import { addServerOption, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { shellWord } from '../output/shell-word.ts';
import { SyncProgress } from '../output/sync-progress.ts';
import { humanSize } from '../output/units.ts';
import { printable } from '../printable.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  workspace?: string;
  server?: string;
  dryRun?: boolean;
  verify?: boolean;
  parallel?: number;
}

export function configure(command: Command, context: Context): void {
  addServerOption(addWorkspaceOption(command))
    .argument('[tables...]', 'only these tables')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .option('--verify', 'hash every local file instead of trusting its size')
    .option('--parallel <n>', 'downloads at a time', parallelism)
    .addHelpText(
      'before',
      `Fetches what changed, checks every byte, and renews the views in analytics.duckdb.\n
Examples:
  $ da sync --workspace ~/data          an empty folder becomes a workspace
  $ da sync orders people --dry-run     what would come, and how much
`,
    )
    .addHelpText(
      'after',
      `
JSON: {downloaded: [{table, rows, bytes}], unchanged: [], removed: [], failed: [{table, code, message, hint}], bytes,
dry_run, errors: [], remote: [], pending: []}. Exit 0 all well, 3 some tables failed, 1 all failed; failed tables keep
what they had. Running it again goes on where it stopped.`,
    )
    .action((tables: string[], options: Options) => run(tables, options, context));
}

async function run(tables: string[], options: Options, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const started = Date.now();
  const progress = new SyncProgress(terminal);
  try {
    const folder = await chooseWorkspace(options, context);
    await using client = await connect(options, context, (await readMarker(folder))?.server ?? null);
    await ensureWorkspace(folder);
    const report = await syncWorkspace(folder, client, {
      only: tables,
      dryRun: options.dryRun ?? false,
      verify: options.verify ?? false,
      parallel: options.parallel,
      signal,
      onEvent: (event) => progress.show(event),
    });
    progress.end();
    if (terminal.json) await terminal.document(report);
    tell(terminal, report, Date.now() - started, options);
    context.exit(exitCodeOf(report));
  } catch (thrown) {
    progress.end();
    if (terminal.json && !terminal.hasWritten) await terminal.document(nothingDone(options, thrown));
    throw thrown;
  }
}

/** One honest line, and one for each failure. */
function tell(terminal: Terminal, report: SyncReport, elapsedMs: number, options: Options): void {
  for (const { table, message, hint } of report.failed) {
    terminal.complain(`${terminal.paint('red', 'failed')} ${printable(table)}: ${printable(message)}`);
    if (hint !== null) terminal.complain(`  ${terminal.paint('dim', printable(hint))}`);
  }
  for (const { message, hint } of report.errors) {
    terminal.complain(`${terminal.paint('red', 'error:')} ${printable(message)}`);
    if (hint !== null) terminal.complain(`  ${terminal.paint('dim', printable(hint))}`);
  }
  if (report.removed.length > 0) terminal.say(`removed, no longer granted: ${report.removed.join(', ')}`);
  if (report.pending.length > 0) terminal.say(`nothing on the server yet: ${report.pending.join(', ')}`);
  const facts = [
    `${report.downloaded.length} ${report.dry_run ? 'to fetch' : 'fetched'}`,
    `${report.unchanged.length} unchanged`,
    `${report.removed.length} ${report.dry_run ? 'to remove' : 'removed'}`,
    `${report.failed.length} failed`,
    humanSize(report.bytes),
    `${(elapsedMs / 1000).toFixed(1)} s`,
  ];
  terminal.say(facts.join(', '));
  const example = report.downloaded[0] ?? null;
  if (report.dry_run || example === null || report.errors.length > 0) return;
  const where = options.workspace === undefined ? '' : ` --workspace ${shellWord(options.workspace)}`;
  terminal.say(terminal.paint('dim', `next: da query${where} 'SELECT * FROM ${example.table} LIMIT 10'`));
}

function exitCodeOf(report: SyncReport): number {
  const well = report.downloaded.length + report.unchanged.length + report.removed.length;
  if (report.failed.length > 0) return well > 0 ? 3 : 1;
  const [error] = report.errors;
  return error === undefined ? 0 : errorCodes[error.code].exit;
}

/** The report's shape for a sync that never started. */
function nothingDone(options: Options, thrown: unknown): SyncReport {
  return {
    downloaded: [],
    unchanged: [],
    removed: [],
    failed: [],
    bytes: 0,
    dry_run: options.dryRun ?? false,
    errors: [toErrorRecord(thrown)],
    remote: [],
    pending: [],
  };
}

function parallelism(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count;
  throw new InvalidArgumentError('Give a number from 1 to 64.');
}

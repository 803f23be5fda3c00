/** `da admin registry discover`: registers what a source offers, many tables at once. */
import type { ServerClient } from '../../../client/server-client.ts';
import { type ErrorRecord, toErrorRecord } from '../../../errors/attache-error.ts';
import { addServerOption, connect } from '../../connect.ts';
import type { Configure } from '../../context.ts';
import { textTable } from '../../output/text-table.ts';
import { humanCount } from '../../output/units.ts';
import { type Offer, type Proposal, proposeRegistrations } from '../../propose-registrations.ts';
import { readPages } from '../../read-pages.ts';

interface Options {
  server?: string;
  bucket?: string[];
  add?: boolean;
}

/** What became of one offered table. */
interface Outcome {
  bucket: string | null;
  source_table: string;
  id: string | null;
  action: 'would_add' | 'added' | 'registered' | 'skipped' | 'failed';
  reason: string | null;
}

const registryPath = '/api/admin/registry';

/** `da admin registry discover` */
export const discover: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .option('-b, --bucket <name...>', 'only tables of these buckets')
    .option('--add', 'register them; without it they are only shown')
    .addHelpText(
      'before',
      `Lists what a source offers and the ids the tables would get; with --add registers all that are not registered yet.\n
Examples:
  $ da admin registry discover keboola --bucket in.c-main
  $ da admin registry discover keboola --bucket in.c-main --add
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {tables: [{bucket, source_table, id, action, reason}]}; action is would_add, added, registered, skipped or failed. Exit 3 when some could not be added, 1 when none could.',
    )
    .action(async (source: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<{ tables: Offer[] }>(
        `/api/admin/sources/${encodeURIComponent(source)}/tables`,
        {
          signal,
          patient: true,
        },
      );
      const offers = body.tables.filter(({ bucket }) => options.bucket?.includes(bucket ?? '') ?? true);
      const rows = await readPages<{ id: string }>(client, registryPath, 'tables', signal);
      const proposals = proposeRegistrations(
        offers,
        rows.map(({ id }) => id),
      );
      const outcomes: Outcome[] = [];
      for (const proposal of proposals)
        outcomes.push(options.add ? await register(client, source, proposal, signal) : shown(proposal));
      if (terminal.json) await terminal.document({ tables: outcomes });
      else if (outcomes.length === 0) terminal.say('The source offers no tables there.');
      else await terminal.data(outcomesText(outcomes, offers));
      const [added, failed] = [counted(outcomes, 'added'), counted(outcomes, 'failed')];
      if (failed > 0) context.exit(added > 0 ? 3 : 1);
      if (options.add) terminal.say(`added ${added} of ${outcomes.length}${failed > 0 ? `, ${failed} failed` : ''}`);
      if (added > 0) terminal.say(`next: da admin sync --source ${source}`);
      else if (counted(outcomes, 'would_add') > 0) terminal.say('next: the same with --add');
    });

/** One table that is refused does not keep the others from being added. */
async function register(
  client: ServerClient,
  source: string,
  proposal: Proposal,
  signal: AbortSignal,
): Promise<Outcome> {
  const planned = shown(proposal);
  if (!('id' in proposal)) return planned;
  const { offer, id } = proposal;
  const body = {
    id,
    name: offer.source_table,
    source_name: source,
    source_table: offer.source_table,
    ...(offer.bucket === null ? {} : { bucket: offer.bucket }),
    ...(offer.description === null ? {} : { description: offer.description }),
    ...(offer.primary_key.length === 0 ? {} : { primary_key: offer.primary_key }),
  };
  try {
    await client.json(registryPath, { method: 'POST', body, signal, patient: true });
    return { ...planned, action: 'added' };
  } catch (thrown) {
    signal.throwIfAborted();
    const error: ErrorRecord = toErrorRecord(thrown);
    return { ...planned, action: 'failed', reason: `${error.code}: ${error.message}` };
  }
}

function shown(proposal: Proposal): Outcome {
  const { bucket, source_table } = proposal.offer;
  if ('id' in proposal) return { bucket, source_table, id: proposal.id, action: 'would_add', reason: null };
  if ('registered' in proposal)
    return { bucket, source_table, id: proposal.registered[0] ?? null, action: 'registered', reason: null };
  return { bucket, source_table, id: null, action: 'skipped', reason: proposal.reason };
}

function counted(outcomes: readonly Outcome[], action: Outcome['action']): number {
  return outcomes.filter((outcome) => outcome.action === action).length;
}

function outcomesText(outcomes: readonly Outcome[], offers: readonly Offer[]): string {
  return textTable(
    [
      { title: 'bucket' },
      { title: 'source table' },
      { title: 'kind' },
      { title: 'rows', align: 'right' },
      { title: 'id' },
      { title: 'action' },
      { title: 'reason' },
    ],
    outcomes.map((outcome, index) => [
      outcome.bucket ?? '-',
      outcome.source_table,
      offers[index]?.kind ?? '-',
      humanCount(offers[index]?.rows ?? null),
      outcome.id ?? '-',
      outcome.action.replace('_', ' '),
      outcome.reason ?? '-',
    ]),
  );
}

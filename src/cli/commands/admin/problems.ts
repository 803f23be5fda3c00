/** `da admin problems`: what of the extracts is stale or could not be taken in. */
import { addServerOption, connect } from '../../connect.ts';
import type { Configure } from '../../context.ts';
import { textTable } from '../../output/text-table.ts';
import { plural } from '../../output/units.ts';

interface Problems {
  generation: number;
  stale: { source: string; table: string | null; reason: string }[];
  problems: { source: string; table: string | null; code: string; message: string }[];
}

export const configure: Configure = (command, context) =>
  addServerOption(command)
    .option('--exit-code', 'exit 1 when there is something stale or a problem')
    .addHelpText(
      'before',
      `Tells what \`da rebuild\` tells, of a server that runs: sources that serve older data and why, extracts that
cannot be read, names that two tables claim.\n
Examples:
  $ da admin problems
  $ da admin problems --exit-code --quiet || echo 'look at it'
`,
    )
    .addHelpText(
      'after',
      '\nJSON: {generation, stale: [{source, table, reason}], problems: [{source, table, code, message}]}.',
    )
    .action(async (options: { server?: string; exitCode?: boolean }) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<Problems>('/api/admin/problems', { signal });
      const { stale, problems } = body;
      if (terminal.json) await terminal.document(body);
      else if (stale.length + problems.length > 0) await terminal.data(problemsText(body));
      terminal.say(`${stale.length} stale, ${plural(problems.length, 'problem')}`);
      if (options.exitCode === true && stale.length + problems.length > 0) context.exit(1);
    });

function problemsText({ stale, problems }: Problems): string {
  const rows = [
    ...stale.map(({ source, table, reason }) => [source, table ?? '-', 'stale', reason]),
    ...problems.map(({ source, table, code, message }) => [source, table ?? '-', code, message]),
  ];
  return textTable([{ title: 'source' }, { title: 'table' }, { title: 'what' }, { title: 'why', wide: true }], rows);
}

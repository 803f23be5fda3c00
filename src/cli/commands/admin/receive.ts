/** `da admin sources …` for sources that push: how far they are, what can be asked of them, and what was kept aside. */
import { addServerOption, connect } from '../../connect.ts';
import type { Configure } from '../../context.ts';
import { fieldsText } from '../../output/fields-text.ts';
import { type Replayed, replaySummary, replayText } from '../../output/replay-text.ts';
import { textTable } from '../../output/text-table.ts';
import { plural } from '../../output/units.ts';
import { printable } from '../../printable.ts';
import type { Terminal } from '../../terminal.ts';

interface Options {
  server?: string;
  force?: boolean;
}

interface Status {
  source: string;
  door: object;
  applier: { damage?: string[] } | null;
}

interface Quarantined {
  id: string;
  received_at: string;
  name: string | null;
  reason: string;
}

const pathOf = (source: string) => `/api/admin/sources/${encodeURIComponent(source)}`;

/** `da admin sources status` */
export const status: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .addHelpText(
      'before',
      'Inbox depth, lag and quarantine of a source that pushes.\n\nExample:\n  $ da admin sources status jira\n',
    )
    .addHelpText(
      'after',
      '\nJSON: {source, door, inbox_depth, lag_ms, failure, applier: {waiting_bytes, quarantined, …}}.',
    )
    .action(async (source: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<Status>(`${pathOf(source)}/receive`, { signal });
      if (terminal.json) return terminal.document(body);
      const { source: name, door, applier, ...rest } = body;
      const { damage = [], ...figures } = applier ?? {};
      await terminal.data(fieldsText({ source: name, ...rest, ...door, ...figures }));
      for (const sentence of damage) terminal.say(printable(sentence));
    });

/** `da admin sources replay` */
export const replay = order<Replayed>({
  kind: 'replay',
  help: 'Builds the state anew from the kept events; says whether it came out the same.',
  json: '{status: done or running, report: {equal, tables: [{table, rows, before, after}]}}',
  async show(report, terminal) {
    await terminal.data(replayText(report));
    terminal.say(replaySummary(report));
  },
});

/** `da admin sources reconcile` */
export const reconcile = order<Polled>({
  kind: 'reconcile',
  help: 'Looks for changes that no event told of.',
  ...polled(),
});

/** `da admin sources backfill` */
export const backfill = order<Polled>({
  kind: 'backfill',
  help: 'Brings everything the site holds; goes on where it was cut off.',
  ...polled(),
});

/** `da admin sources find-deleted` */
export const findDeleted = order<Polled>({
  kind: 'find-deleted',
  help: 'Finds out what was deleted without a word. Much at once needs --force.',
  force: 'pass the limit on deletions',
  ...polled(),
});

interface Polled {
  looked: number;
  kept: number;
  notes: string[];
}

function polled(): Pick<Order<Polled>, 'json' | 'show'> {
  return {
    json: '{status: done or running, report: {looked, kept, notes}}',
    async show({ looked, kept, notes }, terminal) {
      await terminal.data(
        `${plural(looked, 'row')} of the site looked at, ${plural(kept, 'answer')} kept as events.\n`,
      );
      for (const note of notes) terminal.say(printable(note));
    },
  };
}

interface Order<Report> {
  kind: string;
  help: string;
  json: string;
  /** What `--force` does; without it there is no such option. */
  force?: string;
  show(report: Report, terminal: Terminal): Promise<void>;
}

function order<Report>({ kind, help, json, force, show }: Order<Report>): Configure {
  return (command, context) => {
    addServerOption(command).argument('<source>', 'the name of the source');
    if (force !== undefined) command.option('--force', force);
    return command
      .addHelpText('before', `${help}\n\nExample:\n  $ da admin sources ${kind} jira\n`)
      .addHelpText('after', `\nJSON: ${json}.`)
      .action(async (source: string, options: Options) => {
        const { terminal, signal } = context;
        await using client = await connect(options, context);
        const { body } = await client.json<{ status: string; report: Report | null }>(`${pathOf(source)}/${kind}`, {
          method: 'POST',
          body: { force: options.force === true },
          signal,
        });
        if (terminal.json) return terminal.document(body);
        if (body.report === null) return terminal.say(`It goes on. next: da admin sources status ${source}`);
        await show(body.report, terminal);
      });
  };
}

/** `da admin sources quarantine list` */
export const quarantineList: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .addHelpText('before', 'Example:\n  $ da admin sources quarantine list jira\n')
    .addHelpText('after', '\nJSON: {events: [{id, reason, received_at, name, identifier, bytes}]}.')
    .action(async (source: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const { body } = await client.json<{ events: Quarantined[] }>(`${pathOf(source)}/quarantine`, { signal });
      if (terminal.json) return terminal.document(body);
      if (body.events.length === 0) return terminal.say('Nothing was kept aside.');
      const columns = [{ title: 'id' }, { title: 'received' }, { title: 'event' }, { title: 'reason' }];
      const rows = body.events.map((one) => [one.id, one.received_at, one.name ?? '-', printable(one.reason)]);
      await terminal.data(textTable(columns, rows));
    });

/** `da admin sources quarantine show` */
export const quarantineShow: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .argument('<id>', 'the id of the event')
    .addHelpText('before', 'Example:\n  $ da admin sources quarantine show jira door-1f…\n')
    .addHelpText('after', '\nJSON: {id, reason, received_at, body, …}.')
    .action(async (source: string, id: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const path = `${pathOf(source)}/quarantine/${encodeURIComponent(id)}`;
      const { body } = await client.json<object>(path, { signal });
      if (terminal.json) await terminal.document(body);
      else await terminal.data(fieldsText(body));
    });

/** `da admin sources quarantine release` */
export const quarantineRelease: Configure = (command, context) =>
  addServerOption(command)
    .argument('<source>', 'the name of the source')
    .argument('<id>', 'the id of the event')
    .addHelpText(
      'before',
      'Lets an event pass, whatever the door said.\n\nExample:\n  $ da admin sources quarantine release jira door-1f…\n',
    )
    .addHelpText('after', '\nJSON: {sequence}.')
    .action(async (source: string, id: string, options: Options) => {
      const { terminal, signal } = context;
      await using client = await connect(options, context);
      const path = `${pathOf(source)}/quarantine/${encodeURIComponent(id)}/release`;
      const { body } = await client.json<{ sequence: number }>(path, { method: 'POST', signal });
      if (terminal.json) await terminal.document(body);
      else terminal.say(`Released as event ${body.sequence}.`);
    });

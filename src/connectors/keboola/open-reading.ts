/** Opens a run: the token is verified once, the project must be the one the data came from. */
import pLimit from 'p-limit';
import type { ReadSession, RunContext } from '../read-way.ts';
import { connect } from './connection.ts';
import { describeTable, tellsOfItself } from './describe-table.ts';
import { type AttachedExtension, attachExtension } from './extension/attach-extension.ts';
import { checkBinding, knowsCsvOnly, verifyProject } from './project.ts';
import { planTable } from './read-table.ts';
import type { Reading } from './reading.ts';
import type { Settings } from './settings.ts';

/** Storage jobs of the project that are left to others. */
const jobsForOthers = 2;

export async function openReading(context: RunContext<Settings>): Promise<ReadSession> {
  const connection = connect(context);
  const { client, settings, transport } = connection;
  try {
    const { project } = await verifyProject(client, settings);
    checkBinding(project, context.remembered, context.source);
    let extension: Promise<AttachedExtension> | null = null;
    const reading: Reading = {
      context,
      connection,
      project,
      exports: pLimit(Math.max(1, Math.min(project.parallelJobs - jobsForOthers, settings.limits.exports))),
      csvOnly: knowsCsvOnly(context.remembered),
      planned: new Map(),
      extension: () => {
        extension ??= attachExtension(context, project);
        return extension;
      },
    };
    return {
      plan: (table, request) => planTable(reading, table, request),
      count: async (table) => {
        if (table.options.where !== undefined) return null;
        const now = await describeTable(client, table);
        const then = reading.planned.get(table.id);
        // What came after the plan is in the count and not in what was read.
        const moved =
          then !== undefined &&
          (then.lastChangeDate !== now.lastChangeDate || then.lastImportDate !== now.lastImportDate);
        return tellsOfItself(now) && !moved ? now.rows : null;
      },
      close: async () => {
        const attached = await extension;
        // The workspace behind it goes with it.
        if (attached !== null && 'alias' in attached) await attached.detach();
        await transport.close();
      },
    };
  } catch (thrown) {
    await transport.close();
    throw thrown;
  }
}

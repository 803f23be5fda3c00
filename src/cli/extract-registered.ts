/** Extracts the registered tables of a source just as the server would: as a job, with its results in the state. */
import { namedSecrets } from '../config/source-settings.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { extractSource } from '../extract/extract-source.ts';
import { SyncOrchestrator } from '../orchestrator/orchestrator.ts';
import { Master } from '../sync/master.ts';
import type { Log } from '../sync/sync-parts.ts';
import { SyncService } from '../sync/sync-service.ts';
import type { JobRow } from '../system/jobs.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';
import type { ExtractOutcome, ExtractTask } from './extract-task.ts';
import { withState } from './open-state.ts';
import type { Terminal } from './terminal.ts';

/** Long enough for an extraction to notice that it is to stop. */
const longestStopMs = 10_000;

export function extractRegistered(task: ExtractTask): Promise<ExtractOutcome> {
  return withState(task.config, async (state) => {
    await requireTables(state, task.source.name);
    const master = new Master(new SyncOrchestrator(task.config), state);
    const service = new SyncService({
      config: task.config,
      state,
      extract: extractSource,
      rebuild: () => master.catchUp(),
      secretsOf: (source) => namedSecrets(source, task.environment),
      log: logTo(task.terminal),
    });
    try {
      await service.start();
      const job = await service.trigger({ sources: [task.source.name], cause: 'request', by: 'da extract' });
      const finished = await waitFor(service, job, task.signal);
      return { tables: finished.tables, notes: finished.notes };
    } finally {
      await service.close(longestStopMs);
    }
  });
}

async function requireTables(state: SystemState, source: string): Promise<void> {
  const tables = await state.read(listTables);
  if (tables.some((table) => table.source_name === source)) return;
  throw new AttacheError('not_found', {
    message: `No table of ${source} is registered.`,
    hint: `Register one at a running server (da admin registry add), or name tables with --tables FILE.`,
  });
}

async function waitFor(service: SyncService, job: JobRow, signal: AbortSignal): Promise<JobRow> {
  const cancel = () => void service.cancel(job.id).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  const feed = service.feed(job.id);
  await new Promise<void>((resolve) => {
    if (feed === null) resolve();
    else feed.listen((event) => event === 'end' && resolve());
  });
  signal.removeEventListener('abort', cancel);
  return (await service.job(job.id)) ?? job;
}

/** What a server would write to its log. */
function logTo(terminal: Terminal): Log {
  const complain = (_facts: object, message: string) => terminal.complain(message);
  return { info: (_facts, message) => terminal.say(message), warn: complain, error: complain };
}

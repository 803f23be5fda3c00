/** One look at BigQuery: what all tables of a run share, the moment at which they are read among it. */
import type { RunContext } from '../read-way.ts';
import { type CostGuard, costGuard } from './cost-guard.ts';
import { endLeftJobs } from './end-job.ts';
import { Engines } from './extension/engine.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { type RestClient, restClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import { openStorage, type Storage } from './storage-client.ts';

export interface Look {
  source: string;
  settings: Settings;
  rest: RestClient;
  ledger: Ledger;
  guard: CostGuard;
  storage: Storage;
  engines: Engines;
  /** Microseconds since 1970: every stored table is read as it was then. */
  readTime: bigint;
  note(message: string): void;
}

export async function openLook(context: RunContext<Settings>): Promise<Look> {
  const rest = restClient(context);
  const ledger = openLedger(context.memory);
  const ended = await endLeftJobs(rest, ledger);
  if (ended > 0) context.note(`${ended} queries of a run that was killed have been cancelled`);
  const { settings, source, note } = context;
  return {
    source,
    settings,
    rest,
    ledger,
    guard: costGuard(settings, ledger),
    storage: openStorage(context),
    engines: new Engines(context, rest),
    readTime: await serviceTime(rest),
    note,
  };
}

/** HTTP tells the time in whole seconds: ours is the better one unless it is wrong. */
const toleratedMs = 2_000;

async function serviceTime(rest: RestClient): Promise<bigint> {
  await rest
    .call({
      project: rest.settings.project,
      path: ['datasets'],
      query: { maxResults: 1 },
      doing: 'asking for the time',
    })
    .catch(() => {
      // Whoever may not list datasets still gets a dated answer, and each table's own error later.
    });
  const skewMs = rest.clockSkewMs();
  return BigInt(Date.now() + (Math.abs(skewMs) > toleratedMs ? Math.floor(skewMs) : 0)) * 1000n;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntervalScheduler } from '../../src/sync/interval-scheduler.ts';
import type { Trigger } from '../../src/sync/sync-service.ts';
import { recordStates } from '../../src/system/sync-state.ts';
import { SystemState } from '../../src/system/system-state.ts';
import { insertTable } from '../../src/system/table-registry.ts';
import { instanceConfig, registeredTable, silentLog } from '../helpers/instance.ts';

let directory: string;
let state: SystemState;
let triggers: Trigger[];
let scheduled: Set<string>;
let rebuilds: number;
let scheduler: IntervalScheduler;

const minute = 60_000;
const noon = Date.parse('2026-01-01T12:00:00Z');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-scheduler-'));
  state = await SystemState.open(directory);
  triggers = [];
  scheduled = new Set();
  rebuilds = 0;
  const config = instanceConfig(directory, {
    crm: 'duckdb',
    web: { type: 'duckdb', settings: {}, schedule: 'every 2h' },
  });
  scheduler = new IntervalScheduler(
    {
      config,
      state,
      sync: {
        trigger: async (asked) => {
          triggers.push(asked);
          return {} as never;
        },
        isScheduled: (id) => scheduled.has(id),
      },
      rebuild: async () => {
        rebuilds += 1;
      },
      log: silentLog,
    },
    15 * minute,
  );
  for (const id of ['customers', 'orders'])
    await state.write((session) => insertTable(session, registeredTable(id, 'crm')));
  await state.write((session) => insertTable(session, registeredTable('visits', 'web')));
  await state.write((session) => insertTable(session, registeredTable('lost', 'no_longer_configured')));
});
afterEach(async () => {
  scheduler.stop();
  await state.close();
  await rm(directory, { recursive: true, force: true });
});

async function attempted(id: string, at: number, status: 'succeeded' | 'failed' = 'succeeded') {
  await state.write((session) =>
    recordStates(session, [
      {
        table_id: id,
        status,
        last_attempt: new Date(at).toISOString(),
        last_success: null,
        error: null,
        rows: null,
        size_bytes: null,
        rejected: 0,
        schema_changes: [],
        warnings: [],
        job_id: 'job',
      },
    ]),
  );
}

const due = async (at: number) => {
  triggers = [];
  await scheduler.tick(new Date(at));
  scheduler.stop();
  return triggers.map((trigger) => trigger.tables);
};

describe('the scheduler', () => {
  it('starts what was never tried, a job for each configured source, and takes in what others extracted', async () => {
    expect(await due(noon)).toEqual([['customers', 'orders'], ['visits']]);
    expect(triggers.every((trigger) => trigger.cause === 'schedule')).toBe(true);
    expect(rebuilds).toBe(1);
  });

  it('goes by each source’s own interval, and a failure waits for the next one like a success', async () => {
    await attempted('orders', noon - 10 * minute);
    await attempted('customers', noon - 20 * minute, 'failed');
    await attempted('visits', noon - 100 * minute);
    expect(await due(noon)).toEqual([['customers']]);
    expect(await due(noon + 6 * minute)).toEqual([['customers', 'orders']]);
    expect(await due(noon + 21 * minute)).toEqual([['customers', 'orders'], ['visits']]);
  });

  it('leaves alone what a job holds already', async () => {
    scheduled.add('orders');
    expect(await due(noon)).toEqual([['customers'], ['visits']]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttacheError } from '../../src/errors/attache-error.ts';
import type { ExtractEvent, ExtractReport, ExtractRequest, TableResult } from '../../src/extract/shapes.ts';
import { ActiveJob } from '../../src/sync/active-job.ts';
import { SyncService } from '../../src/sync/sync-service.ts';
import { saveJob } from '../../src/system/jobs.ts';
import { tableHistory } from '../../src/system/sync-history.ts';
import { findState } from '../../src/system/sync-state.ts';
import { SystemState } from '../../src/system/system-state.ts';
import { deleteTable, insertTable } from '../../src/system/table-registry.ts';
import { instanceConfig, registeredTable, silentLog, until } from '../helpers/instance.ts';

let directory: string;
let state: SystemState;
let sync: SyncService;
let runs: HeldRun[];
let rebuilds: number;

/** An extraction that waits until the test says how it ends. */
interface HeldRun {
  request: ExtractRequest;
  signal: AbortSignal;
  say(event: ExtractEvent): void;
  end(results: Partial<TableResult>[]): void;
  fail(error: unknown): void;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-sync-'));
  state = await SystemState.open(directory);
  runs = [];
  rebuilds = 0;
  sync = service();
  for (const id of ['orders', 'customers'])
    await state.write((session) => insertTable(session, registeredTable(id, 'crm')));
  await state.write((session) => insertTable(session, registeredTable('visits', 'web')));
});
afterEach(async () => {
  for (const run of runs) run.fail(new Error('the test is over'));
  await sync.close(1000);
  await state.close();
  await rm(directory, { recursive: true, force: true });
});

function service(): SyncService {
  return new SyncService({
    config: instanceConfig(directory, { crm: 'duckdb', web: 'duckdb' }),
    state,
    rebuild: async () => {
      rebuilds += 1;
    },
    secretsOf: () => ({}),
    log: silentLog,
    extract: (request, options = {}) =>
      new Promise<ExtractReport>((resolve, reject) => {
        const signal = options.signal ?? new AbortController().signal;
        signal.addEventListener('abort', () => reject(new AttacheError('cancelled', { message: 'stopped' })));
        runs.push({
          request,
          signal,
          say: (event) => options.onEvent?.(event),
          end: (results) =>
            resolve({ source: request.source.name, generation: 1, notes: [], tables: results.map(result) }),
          fail: reject,
        });
      }),
  });
}

const result = (facts: Partial<TableResult>): TableResult => ({
  id: 'orders',
  status: 'succeeded',
  rows: 3,
  size_bytes: 100,
  rejected: 0,
  schema_changes: [],
  warnings: [],
  error: null,
  started_at: '2026-01-02T00:00:00.000Z',
  finished_at: '2026-01-02T00:00:01.000Z',
  ...facts,
});

const failure = { code: 'source_failed' as const, message: 'It broke.', hint: null };
const ask = (tables?: string[], sources?: string[]) => sync.trigger({ tables, sources, cause: 'request', by: 'test' });
const finished = async (id: string) => {
  await until(async () => (await sync.job(id))?.finished_at != null);
  return (await sync.job(id))!;
};

describe('a trigger', () => {
  it('creates one job however many ask for the same work at once', async () => {
    const jobs = await Promise.all(Array.from({ length: 20 }, () => ask(['orders'])));
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    await until(() => runs.length > 0);
    expect(runs).toHaveLength(1);
    expect(await sync.jobs(100, null)).toHaveLength(1);
  });

  it('joins the running job for the same tables, and a job in which the table still waits', async () => {
    const all = await ask();
    await until(() => runs.length === 2);
    expect((await ask()).id).toBe(all.id);
    expect((await ask(['visits'])).id).toBe(all.id);
    runs[0]!.say({ kind: 'table_started', table: 'orders' });
    expect((await ask(['orders'])).id).not.toBe(all.id);
  });

  it('for a full read does not join a job that reads only what changed', async () => {
    const changed = await ask(['orders']);
    const full = await sync.trigger({ tables: ['orders'], reading: { full: true }, cause: 'request', by: 'test' });
    expect(full.id).not.toBe(changed.id);
    await until(() => runs.length === 1);
    runs[0]!.end([{}]);
    await until(() => runs.length === 2);
    expect(runs.map((run) => run.request.full)).toEqual([undefined, true]);
  });

  it('names every id nobody knows and starts nothing', async () => {
    await expect(ask(['orders', 'nope'], ['nowhere'])).rejects.toMatchObject({
      code: 'not_found',
      faults: [{ pointer: '/tables/1' }, { pointer: '/sources/0' }],
    });
    expect(runs).toHaveLength(0);
    expect(await sync.jobs(100, null)).toHaveLength(0);
  });

  it('runs sources side by side and the runs of one source one after the other', async () => {
    await ask(['orders']);
    await ask(['customers']);
    await ask(['visits']);
    await until(() => runs.length === 2);
    expect(runs.map((run) => run.request.source.name).sort()).toEqual(['crm', 'web']);
    runs.find((run) => run.request.source.name === 'crm')!.end([{ id: 'orders' }]);
    await until(() => runs.length === 3);
    expect(runs[2]!.request.tables.map((table) => table.id)).toEqual(['customers']);
  });

  it('with nothing registered still takes in what other programs extracted', async () => {
    for (const id of ['orders', 'customers', 'visits']) await state.write((session) => deleteTable(session, id));
    const job = await finished((await ask()).id);
    expect(job).toMatchObject({ status: 'succeeded', tables: [] });
    expect(rebuilds).toBe(1);
  });
});

describe('the result of a run', () => {
  it('is recorded for each table, and the job says partial', async () => {
    const { id } = await ask(['orders', 'customers']);
    await until(() => runs.length === 1);
    runs[0]!.end([
      { id: 'orders', rejected: 2 },
      { id: 'customers', status: 'failed', rows: null, error: failure },
    ]);
    const job = await finished(id);
    expect(job.status).toBe('partial');
    expect(job.tables).toMatchObject([
      { id: 'customers', status: 'failed', error: failure },
      { id: 'orders', status: 'succeeded', rows: 3, rejected: 2, error: null },
    ]);
    expect(await state.read((session) => findState(session, 'orders'))).toMatchObject({
      status: 'succeeded',
      last_success: '2026-01-02T00:00:00.000Z',
      rejected: 2,
    });
    expect(await state.read((session) => findState(session, 'customers'))).toMatchObject({
      status: 'failed',
      last_success: null,
      error: failure,
    });
    expect(rebuilds).toBe(1);
  });

  it('keeps the last success through a failure, and a success clears the error', async () => {
    const outcomes: Partial<TableResult>[] = [
      { started_at: '2026-01-01T00:00:00.000Z' },
      { started_at: '2026-01-02T00:00:00.000Z', status: 'failed', rows: null, size_bytes: null, error: failure },
      { started_at: '2026-01-03T00:00:00.000Z', status: 'unchanged' },
    ];
    const seen = [];
    for (const [index, outcome] of outcomes.entries()) {
      const { id } = await ask(['orders']);
      await until(() => runs.length === index + 1);
      runs[index]!.end([outcome]);
      await finished(id);
      const { status, last_attempt, last_success, error, rows } = (await state.read((session) =>
        findState(session, 'orders'),
      ))!;
      seen.push([status, last_attempt.slice(8, 10), last_success?.slice(8, 10), error?.code ?? null, rows]);
    }
    expect(seen).toEqual([
      ['succeeded', '01', '01', null, 3],
      ['failed', '02', '01', 'source_failed', 3],
      ['unchanged', '03', '03', null, 3],
    ]);
    expect(await state.read((session) => tableHistory(session, 'orders', 10))).toHaveLength(3);
  });

  it('of a run that broke as a whole is its reason on every table', async () => {
    const { id } = await ask(undefined, ['crm']);
    await until(() => runs.length === 1);
    runs[0]!.fail(new AttacheError('child_failed', { message: 'Gone.', hint: 'Try again.', retryable: true }));
    const job = await finished(id);
    expect(job.status).toBe('failed');
    for (const table of job.tables) expect(table.error).toMatchObject({ code: 'child_failed', hint: 'Try again.' });
  });

  it('moves no state when only the master is rebuilt', async () => {
    const { id } = await ask(['orders']);
    await until(() => runs.length === 1);
    runs[0]!.end([{}]);
    await finished(id);
    const before = await state.read((session) => findState(session, 'orders'));
    for (const table of ['orders', 'customers', 'visits']) await state.write((session) => deleteTable(session, table));
    await finished((await ask()).id);
    expect(await state.read((session) => findState(session, 'orders'))).toEqual(before);
  });
});

describe('cancelling', () => {
  it('stops the extraction, keeps what finished and says cancelled', async () => {
    const { id } = await ask();
    await until(() => runs.length === 2);
    const web = runs.find((run) => run.request.source.name === 'web')!;
    web.end([{ id: 'visits' }]);
    await until(async () => (await sync.job(id))?.tables.some((table) => table.status === 'succeeded') === true);
    await sync.cancel(id);
    const job = await finished(id);
    expect(job.status).toBe('cancelled');
    expect(job.tables.map((table) => [table.id, table.status])).toEqual([
      ['customers', 'cancelled'],
      ['orders', 'cancelled'],
      ['visits', 'succeeded'],
    ]);
  });

  it('ends a queued job before it starts, and leaves its tables’ state alone', async () => {
    await ask(['orders']);
    const { id } = await ask(['customers']);
    await sync.cancel(id);
    runs[0]?.end([{}]);
    await until(() => runs.length === 1);
    runs[0]!.end([{}]);
    expect((await finished(id)).status).toBe('cancelled');
    expect(runs).toHaveLength(1);
    expect(await state.read((session) => findState(session, 'customers'))).toBeNull();
  });

  it('is refused for a job that has finished or never was', async () => {
    const { id } = await ask(['orders']);
    await until(() => runs.length === 1);
    runs[0]!.end([{}]);
    await finished(id);
    await expect(sync.cancel(id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(sync.cancel('job_x')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a server that was stopped in the middle', () => {
  it('closes the books of its open jobs at the next start', async () => {
    const job = new ActiveJob([registeredTable('orders', 'crm')], { cause: 'request', by: null, now: new Date() });
    job.start(new Date());
    await state.write((session) => saveJob(session, job.row));
    const next = service();
    await next.start();
    const row = await next.job(job.row.id);
    expect(row).toMatchObject({ status: 'cancelled', tables: [{ status: 'cancelled', error: { code: 'cancelled' } }] });
    expect(await state.read((session) => findState(session, 'orders'))).toBeNull();
  });

  it('cancels its runs when it closes', async () => {
    const { id } = await ask(['orders']);
    await until(() => runs.length === 1);
    await sync.close(2000);
    expect(runs[0]!.signal.aborted).toBe(true);
    expect((await sync.job(id))?.status).toBe('cancelled');
    await expect(ask(['customers'])).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** However a run ends, no query of it goes on running, and its budget is charged what it was billed. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { extractSource } from '../../../src/extract/extract-source.ts';
import { until } from '../../helpers/instance.ts';
import { finish, startDa } from '../../helpers/run-da.ts';
import { Lab } from './lab.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await Lab.open();
  await lab.control.table({
    project: 'lab',
    dataset: 'd',
    table: 'orders',
    schema: [{ name: 'id', type: 'INT64' }],
    rows: [{ id: 1 }, { id: 2 }],
  });
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'view', query: 'SELECT id FROM lab.d.orders' });
});
afterEach(async () => {
  expect(lab.control.violations()).toEqual([]);
  await lab.close();
});

const anHour = { jobTakesMs: 3_600_000 };
const megabyte = 1024 * 1024;

/** Runs until its query runs in BigQuery. */
async function running(): Promise<{ child: number }> {
  await until(() => lab.control.runningJobs().length === 1);
  const { jobs } = await lab.memory();
  return { child: (jobs as { owner: { pid: number } }[])[0]!.owner.pid };
}

function start(settings = {}) {
  const stop = new AbortController();
  const ended = extractSource(lab.request([lab.table('view')], {}, settings), { signal: stop.signal }).catch(
    (thrown: unknown) => thrown as Error,
  );
  return { stop: () => stop.abort(), ended };
}

test('a cancelled run cancels its query and is charged what that was billed', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  const run = start();
  await running();
  run.stop();
  await expect(run.ended).resolves.toMatchObject({ tables: [{ status: 'cancelled', error: { code: 'cancelled' } }] });
  expect(lab.control.runningJobs()).toEqual([]);
  expect(await lab.memory()).toMatchObject({ bytes: 10 * megabyte, jobs: [] });
});

test('a run that is cancelled while its query is on its way to BigQuery cancels it too', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  lab.control.fault({ on: 'jobs.insert', nth: 2, do: { delayMs: 700 } });
  const run = start();
  await until(() => lab.control.count('jobs.insert') === 2);
  run.stop();
  await run.ended;
  await sleep(1_000);
  expect(lab.control.runningJobs()).toEqual([]);
  expect((await lab.memory()).jobs).toEqual([]);
});

test('a cancel that BigQuery does not take stays noted, with its bytes, until a later run has seen the query end', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  lab.control.fault({
    on: 'jobs.cancel',
    times: 20,
    do: { http: { status: 503, reason: 'backendError', message: 'later' } },
  });
  const run = start();
  await running();
  run.stop();
  await run.ended;
  expect(lab.control.runningJobs()).toHaveLength(1);
  const left = await lab.memory();
  expect(left.jobs).toHaveLength(1);
  expect(left.bytes).toBeGreaterThan(10 * megabyte);
  lab.control.clearFaults();
  const report = await lab.extract([lab.table('view')]);
  expect(report.notes.join()).toContain('1 queries of a run that was killed have been cancelled');
  expect(lab.control.runningJobs()).toEqual([]);
  expect(await lab.memory()).toMatchObject({ bytes: 20 * megabyte, jobs: [] });
});

test('a cancel that takes effect only after the run has gone is looked after by the next one', async () => {
  lab.control.fault({ on: 'job', do: { ...anHour, cancelTakesMs: 4_000 } });
  const run = start();
  await running();
  run.stop();
  await run.ended;
  expect((await lab.memory()).jobs).toHaveLength(1);
  await lab.extract([lab.table('view')]);
  expect(lab.control.runningJobs()).toEqual([]);
  expect((await lab.memory()).jobs).toEqual([]);
});

test('when the child dies its parent ends the query', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  const run = start();
  const { child } = await running();
  process.kill(child, 'SIGKILL');
  await expect(run.ended).resolves.toMatchObject({ code: 'child_failed' });
  expect(lab.control.runningJobs()).toEqual([]);
  expect(await lab.memory()).toMatchObject({ bytes: 10 * megabyte, jobs: [] });
});

test('when the child passes the time limit of a run its parent ends the query', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  const request = lab.request([lab.table('view')]);
  const run = extractSource({ ...request, limits: { ...request.limits, extractTimeMs: 4_000 } });
  await expect(run).rejects.toMatchObject({ code: 'timed_out' });
  expect(lab.control.runningJobs()).toEqual([]);
});

/** A configuration and a list of tables for the real command line. */
async function onDisk(): Promise<{ extract: string[]; serve: string[] }> {
  const config = join(lab.directory, 'instance.yaml');
  const tables = join(lab.directory, 'tables.json');
  const settings = Object.entries(lab.settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  await writeFile(
    config,
    `sources:\n  warehouse: { type: bigquery, ${settings.join(', ')} }\nscheduler: { interval: "off" }\n`,
  );
  await writeFile(tables, JSON.stringify([{ name: 'view', bucket: 'd', source_table: 'view' }]));
  const common = ['--config', config, '--data-dir', lab.directory];
  return {
    extract: ['extract', 'warehouse', '--tables', tables, ...common],
    serve: ['serve', '--host', '127.0.0.1', '--port', '0', ...common],
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('when the parent dies the child ends its query before it follows', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  const { extract } = await onDisk();
  const parent = startDa(extract);
  const ended = finish(parent);
  const { child } = await running();
  parent.kill('SIGKILL');
  await ended;
  await until(() => lab.control.runningJobs().length === 0);
  await until(async () => (await lab.memory()).jobs.length === 0);
  await until(() => !isRunning(child));
});

test.each(['the next server to start', 'the next extraction'])(
  'when everything dies at once %s ends the query',
  async (which) => {
    lab.control.fault({ on: 'job', do: anHour });
    const { extract, serve } = await onDisk();
    const parent = startDa(extract);
    const ended = finish(parent);
    const { child } = await running();
    parent.kill('SIGSTOP');
    process.kill(child, 'SIGKILL');
    parent.kill('SIGKILL');
    await ended;
    await sleep(300);
    expect(lab.control.runningJobs()).toHaveLength(1);
    const next = startDa(which === 'the next extraction' ? extract : serve);
    const nextEnded = finish(next);
    await until(async () => lab.control.runningJobs().length === 0 && (await lab.memory()).jobs.length === 0);
    next.kill('SIGTERM');
    await nextEnded;
  },
);

test('a query that takes too long is ended by BigQuery and says which setting allows more', async () => {
  lab.control.fault({ on: 'job', do: anHour });
  const result = await lab.sync(lab.table('view'), { query_timeout_seconds: 1 });
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'timed_out', hint: expect.stringContaining('query_timeout_seconds') },
  });
  expect(lab.control.runningJobs()).toEqual([]);
});

test('each query carries labels that say whose it is', async () => {
  await lab.sync(lab.table('view'));
  const inserts = lab.control.calls().filter((call) => call.method === 'jobs.insert');
  const real = inserts.map((call) => (call.body as { configuration: Record<string, unknown> }).configuration);
  expect(real.find((one) => one.dryRun !== true)).toMatchObject({
    labels: { da: 'extract', da_source: 'warehouse', da_table: 'view' },
    jobTimeoutMs: '3600000',
    query: { maximumBytesBilled: expect.stringMatching(/^\d+$/) },
  });
});

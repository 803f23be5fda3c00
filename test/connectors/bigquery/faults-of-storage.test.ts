/** What goes wrong with the Storage Read API: every fault ends in one stated outcome, and never in a changed or missing table. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultAction } from '../../doubles/bigquery/control/faults.ts';
import { type Case, forEver, on, prove } from './fault-case.ts';
import { Lab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open({ limits: { rowsPerMessage: 2_000, streams: 1 } });
});
afterAll(() => lab?.close());

/** DuckDB’s chunks of 2,048 rows make a message each. */
const severalMessages = [5_000, 9_000] as const;

const status = (code: number, message: string, afterMessages = 0): FaultAction => ({
  grpc: { code, message, afterMessages },
});

const cases: Record<string, Case> = {
  'a session: UNAVAILABLE once': {
    fault: on('CreateReadSession', status(14, 'try again')),
    outcome: 'retried',
  },
  'a session: INTERNAL once': { fault: on('CreateReadSession', status(13, 'oops')), outcome: 'retried' },
  'a session: RESOURCE_EXHAUSTED once': {
    fault: on('CreateReadSession', status(8, 'too many sessions')),
    outcome: 'retried',
  },
  'a session: DEADLINE_EXCEEDED once': { fault: on('CreateReadSession', status(4, 'too late')), outcome: 'retried' },
  'a session: silence once': { fault: on('CreateReadSession', { hang: true }), outcome: 'retried' },
  'a session: UNAVAILABLE for ever': {
    fault: on('CreateReadSession', status(14, 'away'), { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /next run/,
  },
  'a session: RESOURCE_EXHAUSTED for ever': {
    fault: on('CreateReadSession', status(8, 'too many sessions'), { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /slow down/,
  },
  'a session: silence for ever': {
    fault: on('CreateReadSession', { hang: true }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_unreachable',
    says: /stall_timeout_seconds/,
  },
  'a session: UNAUTHENTICATED': {
    fault: on('CreateReadSession', status(16, 'who are you')),
    outcome: 'failed and kept data',
    code: 'source_auth',
  },
  'a session: NOT_FOUND': {
    fault: on('CreateReadSession', status(5, 'no such table')),
    outcome: 'failed and kept data',
    code: 'source_missing',
  },
  'a session: INVALID_ARGUMENT': {
    fault: on('CreateReadSession', status(3, 'bad filter')),
    outcome: 'failed and kept data',
    code: 'query_failed',
    says: /bad filter/,
  },
  'a session: a code that means nothing here': {
    fault: on('CreateReadSession', status(15, 'data loss')),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /data loss/,
  },
  'a session: PERMISSION_DENIED': {
    fault: on('CreateReadSession', status(7, 'bigquery.readsessions.create missing'), { times: forEver }),
    outcome: 'fell back',
    says: /roles\/bigquery\.readSessionUser on lab/,
  },
  'a session: a project that may not pay': {
    fault: on('CreateReadSession', status(7, 'USER_PROJECT_DENIED serviceusage'), { times: forEver }),
    outcome: 'fell back',
  },
  'a stream: UNAVAILABLE before its first message': { fault: on('ReadRows', status(14, 'reset')), outcome: 'retried' },
  'a stream: UNAVAILABLE in the middle': { fault: on('ReadRows', status(14, 'reset', 1)), outcome: 'retried' },
  'a stream: cut after each message': {
    fault: on('ReadRows', status(14, 'reset', 1), { times: 3 }),
    outcome: 'retried',
  },
  'a stream: INTERNAL in the middle': { fault: on('ReadRows', status(13, 'RST_STREAM', 2)), outcome: 'retried' },
  'a stream: RESOURCE_EXHAUSTED once': { fault: on('ReadRows', status(8, 'slow down')), outcome: 'retried' },
  'a stream: silence before its first message': {
    fault: on('ReadRows', { wedgeAfterMessages: 0 }),
    outcome: 'retried',
  },
  'a stream: silence in the middle': { fault: on('ReadRows', { wedgeAfterMessages: 1 }), outcome: 'retried' },
  'a stream: silence after its last message': { fault: on('ReadRows', { wedgeAfterMessages: 3 }), outcome: 'retried' },
  'a stream: silence for ever': {
    fault: on('ReadRows', { wedgeAfterMessages: 0 }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_unreachable',
    says: /stall_timeout_seconds/,
  },
  'a stream: UNAVAILABLE for ever': {
    fault: on('ReadRows', status(14, 'away'), { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
  },
  'a stream: PERMISSION_DENIED': {
    fault: on('ReadRows', status(7, 'bigquery.readsessions.getData missing'), { times: forEver }),
    outcome: 'fell back',
    says: /readSessionUser/,
  },
  'a stream: silence as long as its session lives': {
    fault: (given) => {
      on('ReadRows', { wedgeAfterMessages: 1 })(given);
      on('ReadRows', { wedgeAfterMessages: 0 }, { nth: 2 })(given);
    },
    outcome: 'retried',
    says: /a read session is given up, and its rows are read by a fresh one/i,
  },
  'a stream: an expired session': {
    fault: on('ReadRows', { meanwhile: () => lab.control.expireSessions() }),
    outcome: 'retried',
    says: /a read session is given up.*fresh one.*expired/i,
  },
  'a stream: a session that expires in the middle': {
    fault: (given) => {
      on('ReadRows', status(14, 'reset', 1))(given);
      on('ReadRows', { meanwhile: () => lab.control.expireSessions() }, { nth: 2 })(given);
    },
    outcome: 'retried',
  },
  'a stream: a session that is forgotten in the middle': {
    fault: (given) => {
      on('ReadRows', status(14, 'reset', 1))(given);
      on('ReadRows', status(5, 'no such stream'), { nth: 2 })(given);
    },
    outcome: 'retried',
  },
  'a stream: sessions that expire as soon as they are read': {
    fault: on('ReadRows', { meanwhile: () => lab.control.expireSessions() }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /six hours.*next run/,
  },
  'rows that come before a session is opened afresh are not read': {
    fault: (given) => {
      const meanwhile = async () => {
        given.control.expireSessions();
        await given.control.insert('lab.d.orders', [{ id: 10_000, name: 'late' }]);
      };
      on('ReadRows', { meanwhile })(given);
    },
    outcome: 'as it was at the look',
  },
  'a stream: a message is lost': {
    fault: on('ReadRows', { loseMessage: 1 }),
    outcome: 'failed and kept data',
    code: 'rows_missing',
  },
  'a stream: a message comes twice': {
    fault: on('ReadRows', { repeatMessage: 1 }),
    outcome: 'failed and kept data',
    code: 'rows_missing',
  },
  'a stream: goes on too early after a cut': {
    fault: (given) => {
      on('ReadRows', status(14, 'reset', 1))(given);
      on('ReadRows', { shiftOffset: 1 }, { nth: 2 })(given);
    },
    outcome: 'failed and kept data',
    code: 'rows_missing',
  },
  'a stream: goes on too late after a cut': {
    fault: (given) => {
      on('ReadRows', status(14, 'reset', 1))(given);
      on('ReadRows', { shiftOffset: -1 }, { nth: 2 })(given);
    },
    outcome: 'failed and kept data',
    code: 'rows_missing',
  },
  'a table dropped before its session': {
    fault: on('CreateReadSession', { meanwhile: () => lab.control.drop('lab.d.orders') }),
    outcome: 'failed and kept data',
    code: 'source_missing',
  },
  'rows that come after the look are not read': {
    fault: on('CreateReadSession', { meanwhile: () => lab.control.insert('lab.d.orders', [{ id: 6, name: 'late' }]) }),
    outcome: 'as it was at the look',
  },
};

describe('Storage Read', () => {
  test.each(Object.entries(cases))('%s', (_name, given) => prove(lab, given, {}, severalMessages));
});

test('a missing permission is asked for once and said once, whatever the number of tables', async () => {
  await lab.startOver();
  lab.control.clearFaults();
  lab.control.reset();
  lab.control.deny('bigquery.readsessions.create');
  const tables = ['one', 'two', 'three'].map((id) => lab.table(id, { source_table: 'orders', primary_key: ['id'] }));
  const report = await lab.extract(tables);
  lab.control.allow('bigquery.readsessions.create');
  expect(report.tables.map((table) => table.status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(report.notes).toEqual([expect.stringContaining('grant roles/bigquery.readSessionUser on lab')]);
  // Two tables are planned at once, so both may have asked before either knew.
  expect(lab.control.count('CreateReadSession')).toBeLessThanOrEqual(2);
});

test('a stream that falls silent is read by a fresh connection, and the streams beside it read on', async () => {
  const many = await Lab.open({ limits: { rowsPerMessage: 2_000, streams: 4 } });
  try {
    const schema = [{ name: 'id', type: 'INT64' }];
    const fromDuck = 'SELECT i FROM range(40000) r(i)';
    await many.control.table({ project: 'lab', dataset: 'd', table: 'wide', schema, fromDuck });
    await new Promise((resolve) => setTimeout(resolve, 5));
    many.control.fault({ on: 'ReadRows', nth: 1, do: { wedgeAfterMessages: 1 } });
    // Still on its way when the other one is given up.
    many.control.fault({ on: 'ReadRows', nth: 2, do: { delayMs: 1_500 } });
    const table = many.table('wide', { primary_key: ['id'] });
    const result = await many.sync(table, { stall_timeout_seconds: 1 });
    expect(result).toMatchObject({ status: 'succeeded', rows: 40_000 });
    const whole = 'SELECT count(DISTINCT id)::INTEGER AS ids, max(id)::INTEGER AS last FROM t';
    expect((await many.published('wide', whole)).rows).toEqual([{ ids: 40_000, last: 39_999 }]);
  } finally {
    await many.close();
  }
});

test('four streams of which each expires in its middle are read afresh, each row once', async () => {
  const many = await Lab.open({ limits: { rowsPerMessage: 2_000, streams: 4 } });
  try {
    const schema = [{ name: 'id', type: 'INT64' }];
    await many.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'wide',
      schema,
      fromDuck: 'SELECT i FROM range(40000) r(i)',
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    many.control.fault({
      on: 'ReadRows',
      times: 4,
      do: { grpc: { code: 9, message: 'session expired', afterMessages: 2 } },
    });
    expect(await many.sync(many.table('wide'))).toMatchObject({ status: 'succeeded', rows: 40_000 });
    const whole = 'SELECT count(DISTINCT id)::INTEGER AS ids, max(id)::INTEGER AS last FROM t';
    expect((await many.published('wide', whole)).rows).toEqual([{ ids: 40_000, last: 39_999 }]);
    expect(many.control.count('CreateReadSession')).toBe(2);
    // What was read twice is paid twice, and the budget knows it.
    expect((await many.memory()).bytes).toBe(many.control.storageReadBytes());
  } finally {
    await many.close();
  }
});

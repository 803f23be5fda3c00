/** What goes wrong with a Keboola source: every fault ends in one stated outcome, and never in a changed or missing table. */
import { afterEach, describe, expect, test } from 'vitest';
import type { ExtractReport, TableResult } from '../../../src/extract/shapes.ts';
import { cloudFaults, type Fault, faults, type StartOptions } from '../../doubles/keboola-storage/index.ts';
import { hasty, type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

type Outcome = 'retried' | 'fell back' | 'failed and kept data' | 'postponed';

interface Case {
  fault(source: KeboolaSource): void;
  outcome: Outcome;
  /** Of the error, the reason or a note. */
  says?: RegExp;
  code?: string;
  start?: StartOptions;
  limits?: Record<string, unknown>;
  /** Violations the double must have seen. */
  violations?: number;
}

const orders = 'in.c-main.orders';
const before = [
  ['1', 'one'],
  ['2', 'two'],
  ['3', 'three'],
];
const after = [...before, ['4', 'four'], ['5', 'five']];
const typed = [
  { name: 'id', type: 'INT64' },
  { name: 'name', type: 'STRING' },
];

let source: KeboolaSource;
afterEach(() => source.stop());

const always = { times: Number.POSITIVE_INFINITY };
const on =
  (route: Parameters<KeboolaSource['double']['control']['fail']>[0], fault: Fault, when = {}) =>
  ({ double }: KeboolaSource) =>
    double.control.fail(route, fault, when);
const passes = (route: Parameters<typeof on>[0], fault: Fault): Case => ({
  fault: on(route, fault),
  outcome: 'retried',
});
const stays = (route: Parameters<typeof on>[0], fault: Fault, code: string, says?: RegExp): Case => ({
  fault: on(route, fault, always),
  outcome: 'failed and kept data',
  code,
  ...(says === undefined ? {} : { says }),
});

const apiRoutes = ['verify', 'table', 'export', 'job', 'file'] as const;

const stackCases: Record<string, Case> = {
  ...Object.fromEntries(
    apiRoutes.flatMap((route) => [
      [`${route}: 500 once`, passes(route, faults.status(500))],
      [`${route}: 429 with seconds`, passes(route, faults.status(429, { seconds: 1 }))],
      [`${route}: a page of a gateway once`, passes(route, faults.htmlPage(502))],
      [`${route}: the connection breaks before the answer`, passes(route, faults.resetBeforeHeaders())],
      [`${route}: 401`, stays(route, faults.status(401), 'source_auth', /token_env|401/)],
    ]),
  ),
  '429 with a date': passes('table', faults.status(429, { dateInSeconds: 1 })),
  '429 without a pause': passes('table', faults.status(429)),
  '503 without maintenance': passes('table', faults.status(503)),
  '504 once': passes('export', faults.status(504)),
  '409 once': passes('job', faults.status(409)),
  'an empty body once': passes('table', faults.emptyBody()),
  'half of the JSON once': passes('job', faults.truncatedJson()),
  'a lying content type': passes('table', faults.lyingContentType()),
  'an answer that breaks off': passes('file', faults.resetMidBody()),
  'an answer whose end never comes': passes('table', faults.resetAfterLastByte()),
  'silence before the answer': passes('table', faults.stallBeforeHeaders()),
  'silence in the answer': passes('table', faults.stallMidBody()),
  'a slow answer': passes('table', faults.slowDrip()),
  '500 for ever': stays('table', faults.status(500), 'source_unreachable', /500/),
  '501 is final at once': { ...stays('table', faults.status(501), 'source_failed', /501/) },
  '403 for the table': stays('table', faults.status(403), 'source_forbidden'),
  '404 for the table': stays('table', faults.status(404), 'source_missing'),
  '400 for the export': stays('export', faults.status(400), 'source_failed', /Injected 400/),
  'a redirect of the stack': {
    fault: (given) => given.double.control.fail('table', faults.redirect(given.double.trap.redirected), always),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /Redirects are not followed/,
  },
  maintenance: { fault: on('verify', faults.maintenance(60), always), outcome: 'postponed', says: /maintenance/ },
  'maintenance in the middle': {
    fault: on('job', faults.maintenance(60), always),
    outcome: 'postponed',
    says: /maintenance/,
  },
  'a pause longer than the limit': {
    fault: on('export', faults.status(429, { seconds: 600 }), always),
    outcome: 'postponed',
    says: /asks to wait 600 s/,
  },
  'a job that waits for ever': {
    fault: on('export', faults.jobStuck('waiting'), always),
    outcome: 'postponed',
    says: /waits for its turn/,
    limits: { job_wait_minutes: 0.005 },
  },
  'a job that runs for ever': {
    ...stays('export', faults.jobStuck('processing'), 'timed_out', /still runs/),
    limits: { job_minutes: 0.005 },
  },
  'a job in error': stays('export', faults.jobError(), 'source_failed', /job-exception-1/),
  'a job that vanishes once': passes('export', faults.jobVanishes()),
  'a job without results once': passes('export', faults.jobWithoutResults(null)),
  'a job with empty results once': passes('export', faults.jobWithoutResults([])),
  'a job without results for ever': stays('export', faults.jobWithoutResults(null), 'source_failed', /without showing/),
  'a file that expired before it was read': {
    fault: ({ double }) =>
      double.control.fail(
        'file',
        faults.meanwhile('files expire', () => double.control.expireFiles()),
      ),
    outcome: 'retried',
  },
  'a column dropped between detail and export': {
    fault: ({ double }) =>
      double.control.fail(
        'export',
        faults.meanwhile('column dropped', () => double.control.project.dropColumn(orders, 'name')),
      ),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /name/,
  },
  'a table dropped in the middle': {
    fault: ({ double }) =>
      double.control.fail(
        'export',
        faults.meanwhile('table dropped', () => double.control.project.dropTable(orders)),
      ),
    outcome: 'failed and kept data',
    code: 'source_missing',
  },
  'a table that changes while it is exported': {
    fault: ({ double }) =>
      double.control.fail(
        'job',
        faults.meanwhile('a row comes and goes', async () => {
          double.control.clock.advance(5_000);
          await double.control.project.load(orders, [['6', 'six']], { incremental: true });
          await double.control.project.deleteRows(orders, 'id', ['6']);
        }),
      ),
    outcome: 'retried',
  },
  'a detail with more rows than there are': {
    fault: ({ double }) => double.control.project.pretend(orders, { rowsCount: 6 }),
    outcome: 'failed and kept data',
    code: 'rows_missing',
    says: /has 6 rows and sent 5/,
  },
  'Parquet refused by the request': {
    fault: () => {},
    outcome: 'fell back',
    says: /exported as CSV/,
    start: { backend: 'bigquery', fileProvider: 'gcp', oldBigquery: 'request' },
  },
  'Parquet refused by the job': {
    fault: () => {},
    outcome: 'fell back',
    says: /exported as CSV/,
    start: { backend: 'bigquery', fileProvider: 'gcp', oldBigquery: 'job' },
  },
};

const cloudCases: Record<string, Case> = {
  'credentials that ended': passes('slice', cloudFaults.expiredCredentials()),
  'credentials that ended at the manifest': passes('manifest', cloudFaults.expiredCredentials()),
  'an object that is too fresh': passes('slice', cloudFaults.forbiddenObject()),
  'a forbidden object': stays('slice', cloudFaults.forbiddenObject(), 'source_failed', /403/),
  'an object missing for a moment': passes('slice', cloudFaults.missingObject()),
  'a missing object': stays('slice', cloudFaults.missingObject(), 'integrity', /404/),
  'a missing manifest': stays('manifest', cloudFaults.missingObject(), 'integrity', /404/),
  'too many requests': passes('slice', cloudFaults.slowDown()),
  '500 of the cloud': passes('slice', faults.htmlPage(500)),
  'a connection that breaks before the slice': passes('slice', faults.resetBeforeHeaders()),
  'a connection that breaks in the slice': passes('slice', faults.resetMidBody(20)),
  'a slice that stalls': passes('slice', faults.stallMidBody(20)),
  'a slice that comes slowly': passes('slice', faults.slowDrip(4, 5)),
  'a slice shorter than promised': passes('slice', cloudFaults.shortSlice()),
  'a slice always shorter than promised': stays('slice', cloudFaults.shortSlice(), 'source_unreachable'),
  'a slice cut off': passes('slice', cloudFaults.truncatedObject()),
  'a slice always cut off': stays('slice', cloudFaults.truncatedObject(), 'integrity', /gz/),
  'a wrong CRC': passes('slice', cloudFaults.wrongGzCrc()),
  'a wrong CRC for ever': stays('slice', cloudFaults.wrongGzCrc(), 'integrity', /gz/),
  'a gz cut at a record border': stays('slice', cloudFaults.gzCutAtRecordBorder(), 'integrity', /gz/),
  'a flipped byte': passes('slice', cloudFaults.flippedByte()),
  'fewer records once': passes('slice', cloudFaults.fewerRecords()),
  'fewer records for ever': stays('slice', cloudFaults.fewerRecords(), 'rows_missing'),
  'a slice of zero bytes for ever': stays('slice', cloudFaults.zeroByteObject(), 'rows_missing'),
  'two gz members': passes('slice', cloudFaults.multiMemberGz()),
  'gz as content encoding': passes('slice', cloudFaults.gzipContentEncoding()),
  'a shuffled manifest': passes('manifest', cloudFaults.shuffledManifest()),
  'duplicate entries': passes('manifest', cloudFaults.duplicateEntries()),
  'an empty manifest once': passes('manifest', cloudFaults.emptyManifest()),
  'an empty manifest for ever': stays('manifest', cloudFaults.emptyManifest(), 'rows_missing'),
  'half a manifest once': passes('manifest', faults.truncatedJson()),
  'half a manifest for ever': stays('manifest', faults.truncatedJson(), 'integrity', /manifest/),
  'an entry without an object': stays('manifest', cloudFaults.phantomEntry(), 'integrity', /404/),
  'an entry of a foreign bucket': stays('manifest', cloudFaults.foreignBucketEntry(), 'integrity', /outside/),
  'an entry at this machine': stays('manifest', cloudFaults.entryAt('http://127.0.0.1:9/x'), 'integrity', /outside/),
  'an entry at the link': stays('manifest', cloudFaults.entryAt('s3://169.254.169.254/latest'), 'integrity', /outside/),
  'a redirect of the cloud': {
    fault: ({ double }) => double.control.fail('slice', faults.redirect(double.trap.redirected), always),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /302/,
  },
  'ragged records': stays(
    'slice',
    cloudFaults.rewrittenCsv((text) => Buffer.concat([text, Buffer.from('"6"\n')])),
    'source_data',
  ),
  'invalid UTF-8': stays(
    'slice',
    cloudFaults.rewrittenCsv((text) => Buffer.from(text.toString('latin1').replace('one', '\xff\xfe'), 'latin1')),
    'source_data',
  ),
};

describe('faults of the stack', () => {
  test.each(Object.entries(stackCases))('%s', (_name, each) => prove(each, {}));
});

describe('faults of a cloud', () => {
  test.each(Object.entries(cloudCases))('%s', (_name, each) => prove(each, {}));
});

/** What each cloud says in words of its own. */
const ownWords = [
  'credentials that ended',
  'credentials that ended at the manifest',
  'a forbidden object',
  'a missing object',
  'too many requests',
  'a connection that breaks in the slice',
  'a flipped byte',
  'an entry of a foreign bucket',
  'an entry at this machine',
  'a redirect of the cloud',
];

describe.each(['gcp', 'azure'] as const)('faults of the %s cloud', (fileProvider) => {
  test.each(ownWords)('%s', (name) => prove(cloudCases[name] as Case, { fileProvider }));
});

async function prove(given: Case, start: StartOptions): Promise<void> {
  source = await keboolaSource({ sliceRows: 2, ...start, ...given.start }, { limits: { ...hasty, ...given.limits } });
  const { control } = source.double;
  const isTyped = given.start?.oldBigquery !== undefined;
  await control.project.createTable({ id: orders, columns: isTyped ? typed : ['id', 'name'], primaryKey: ['id'] });
  if (!isTyped) {
    await control.project.load(orders, before);
    expect(resultOf(await run())).toMatchObject({ status: 'succeeded', rows: before.length });
  }
  control.clock.advance(10_000);
  await control.project.load(orders, after);
  given.fault(source);
  const report = await run();
  const result = resultOf(report);
  const good = given.outcome === 'retried' || given.outcome === 'fell back';
  const words = [result.error?.message, result.error?.hint, ...result.warnings, ...report.notes].join('\n');
  expect(words).not.toContain(source.token);
  expect(words).not.toMatch(/sig=(?!\*)|X-Amz-Signature=(?!\*)/);
  if (given.says !== undefined) expect(words).toMatch(given.says);
  expect({
    status: result.status,
    code: result.error?.code ?? null,
    rows: result.rows,
    words: good ? words : '',
  }).toEqual({
    status: good ? 'succeeded' : given.outcome === 'postponed' ? 'postponed' : 'failed',
    code: given.code ?? null,
    rows: good ? after.length : before.length,
    words: good ? words : '',
  });
  expect(await source.query('SELECT id::VARCHAR AS id, name FROM orders ORDER BY 1')).toEqual(
    (good ? after : before).map(([id, name]) => ({ id, name })),
  );
}

function run(): Promise<ExtractReport> {
  return source.extract([keboolaTable('orders', { primary_key: ['id'] })]);
}

function resultOf({ tables }: ExtractReport): TableResult {
  return tables[0] as TableResult;
}

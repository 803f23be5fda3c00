/** What a careful client never forgets, though BigQuery itself would serve it: noted among the violations of a double started with `careful`. */
import type { Job, JobConfiguration } from '../jobs/job.ts';
import type { Field, FieldType } from '../model/field-types.ts';
import { timestampFormat } from '../rest/pages.ts';
import type { Journal } from './journal.ts';

export interface Care {
  query(configuration: JobConfiguration, jobId: string | undefined): void;
  /** A call about a job, by the location it names. */
  job(method: string, location: string | null): void;
  results(job: Job, asked: URLSearchParams): void;
  /** A read of a stream from a row on; `sent` rows of it were sent so far. */
  offset(stream: string, offset: number, sent: number): void;
}

export function takeCare(journal: Journal, careful: boolean): Care {
  const note = (forgotten: boolean, what: string) => {
    if (careful && forgotten) journal.violations.push(what);
  };
  return {
    query: ({ dryRun, labels, jobTimeoutMs, query }, jobId) => {
      if (dryRun) return;
      note(!query?.maximumBytesBilled, 'jobs.insert: a query without maximumBytesBilled');
      note(Object.keys(labels ?? {}).length === 0, 'jobs.insert: a query without labels');
      note(!jobTimeoutMs, 'jobs.insert: a query without jobTimeoutMs');
      note(!jobId, 'jobs.insert: a query without an id of the client, which nobody can cancel when the answer is lost');
    },
    job: (method, location) => note(!location, `${method}: a job without its location`),
    results: ({ analysis }, asked) => {
      const lossy = timestampFormat(asked) === 'FLOAT64' && asked.get('maxResults') !== '0';
      note(lossy && holdsTimestamp(analysis.compiled.fields), 'jobs.getQueryResults: timestamps as floating point');
    },
    offset: (stream, offset, sent) =>
      note(offset > sent, `ReadRows: ${stream} from row ${offset}, of which ${sent} were sent`),
  };
}

function holdsTimestamp(fields: readonly Field[]): boolean {
  const holds = (type: FieldType): boolean => {
    if (type.kind === 'STRUCT') return holdsTimestamp(type.fields);
    return type.kind === 'ARRAY' ? holds(type.item) : type.kind === 'TIMESTAMP';
  };
  return fields.some(({ type }) => holds(type));
}

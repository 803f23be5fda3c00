/** Asks what a query would read and answer, which costs nothing. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { Estimate } from './cost-guard.ts';
import { type Field, type RestField, readFields } from './fields.ts';
import { type QueryText, queryBody } from './query-text.ts';
import type { RestClient } from './rest-client.ts';
import { payerOf } from './settings.ts';

export interface DryRun {
  estimate: Estimate;
  fields: Field[];
  location: string | null;
  /** Who the service says we are. */
  identity: string | null;
}

interface DryJob {
  jobReference: { location?: string };
  user_email?: string;
  statistics?: {
    totalBytesProcessed?: string;
    query?: {
      statementType?: string;
      totalBytesProcessed?: string;
      totalBytesProcessedAccuracy?: string;
      referencedTables?: unknown[];
      schema?: { fields?: RestField[] };
    };
  };
}

/** Accuracies whose estimate is not passed. */
const boundedBy = ['PRECISE', 'UPPER_BOUND'];

export async function dryRun(rest: RestClient, text: QueryText, doing: string): Promise<DryRun> {
  const payer = payerOf(rest.settings);
  const { location } = text;
  const job = await rest.call<DryJob>({
    method: 'POST',
    path: ['jobs'],
    body: {
      jobReference: { projectId: payer, ...(location === null ? {} : { location }) },
      // A cached answer costs nothing today and everything tomorrow.
      configuration: { dryRun: true, query: { ...queryBody(text), useQueryCache: false } },
    },
    doing,
  });
  const { query, totalBytesProcessed } = job.statistics ?? {};
  // The estimate of a script or a DML statement says nothing, and whoever reads must change nothing.
  if (query?.statementType !== undefined && query.statementType !== 'SELECT')
    throw new AttacheError('options_invalid', {
      message: `BigQuery: ${doing} is refused: it is no SELECT but ${query.statementType}.`,
      hint: 'options.sql must be one SELECT.',
    });
  const bytes = Number(query?.totalBytesProcessed ?? totalBytesProcessed);
  if (!Number.isFinite(bytes))
    throw new AttacheError('over_cap', {
      message: `BigQuery did not say how much ${doing} would scan. Nothing was read.`,
      hint: 'Try again; without an estimate no budget can be kept.',
      retryable: true,
    });
  return {
    estimate: {
      bytes,
      open: !boundedBy.includes(query?.totalBytesProcessedAccuracy ?? 'PRECISE'),
      tables: query?.referencedTables?.length ?? 1,
      way: 'query',
    },
    fields: readFields(query?.schema?.fields),
    location: job.jobReference.location ?? location,
    identity: job.user_email ?? null,
  };
}

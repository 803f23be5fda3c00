/** What the test may choose about the service, at start and later through `control.settings`. */
import type { Backend, FileProvider } from './world.ts';

export interface Settings {
  backend: Backend;
  fileProvider: FileProvider;
  region: string;
  features: string[];
  jobsParallelism: number;
  /** How long an export job waits before it starts, on the service's clock. */
  jobWaitingMs: number;
  jobProcessingMs: number;
  /** The 202 answer already carries a finished job. */
  terminalJobs: boolean;
  sliceRows: number;
  /** Which CSV cells Snowflake encloses; BigQuery always writes the minimum. */
  csvQuoting: 'strings' | 'minimal' | 'all';
  emptyExport: 'no-entries' | 'zero-byte-slice' | 'empty-gz-slice';
  /** False imitates retired backends: one object, no manifest. */
  isSliced: boolean;
  unslicedHeader: boolean;
  cacheLagMs: number;
  fileLifeMs: number;
  signedUrlLifeMs: number;
  /** Overrides the life of credentials (12 h for AWS and Azure, 1 h for GCP). */
  credentialsLifeMs: number | undefined;
  /** Fresh objects answer 403 for this long. */
  freshForbiddenMs: number;
  /** An import stamps its rows this long before it ends and sets `lastImportDate`. */
  importSeconds: number;
  /** How a BigQuery stack that knows CSV only refuses parquet; undefined on newer ones. */
  oldBigquery: 'request' | 'job' | undefined;
  /** How long each answer of the stack is on its way, in real time. */
  latencyMs: number;
}

export const defaultSettings: Settings = {
  backend: 'snowflake',
  fileProvider: 'aws',
  region: 'eu-central-1',
  features: ['storage-branches'],
  jobsParallelism: 10,
  jobWaitingMs: 0,
  jobProcessingMs: 0,
  terminalJobs: false,
  sliceRows: 100_000,
  csvQuoting: 'strings',
  emptyExport: 'no-entries',
  isSliced: true,
  unslicedHeader: false,
  cacheLagMs: 1000,
  fileLifeMs: 3 * 86_400_000,
  signedUrlLifeMs: 3_600_000,
  credentialsLifeMs: undefined,
  freshForbiddenMs: 0,
  importSeconds: 2,
  oldBigquery: undefined,
  latencyMs: 0,
};

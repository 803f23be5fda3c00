/** A query job, from PENDING to DONE. */
import type { FaultAction } from '../control/faults.ts';
import type { Table } from '../data/table.ts';
import type { ServiceError } from '../rest/service-error.ts';
import type { Analysis } from './analyze.ts';

export interface QueryConfiguration {
  query: string;
  useLegacySql?: boolean;
  destinationTable?: { projectId: string; datasetId: string; tableId: string };
  writeDisposition?: string;
  createDisposition?: string;
  maximumBytesBilled?: string;
  useQueryCache?: boolean;
  parameterMode?: string;
  queryParameters?: [];
  defaultDataset?: { projectId?: string; datasetId: string };
}

export interface JobConfiguration {
  query?: QueryConfiguration;
  dryRun?: boolean;
  labels?: Record<string, string>;
  jobTimeoutMs?: string;
  jobType?: string;
}

export interface Job {
  project: string;
  id: string;
  location: string;
  user: string;
  configuration: JobConfiguration;
  analysis: Analysis;
  state: 'PENDING' | 'RUNNING' | 'DONE';
  createdMs: number;
  startedMs?: number;
  endedMs?: number;
  error?: ServiceError;
  cacheHit: boolean;
  processedBytes: number;
  billedBytes: number;
  result?: { table: Table; rows: number };
  fault: FaultAction;
  cancelRequested: boolean;
  /** Wakes a job that waits, when it is cancelled. */
  wake: AbortController;
  finished: Promise<void>;
}

export function jobKey(project: string, id: string): string {
  return `${project}/${id}`;
}

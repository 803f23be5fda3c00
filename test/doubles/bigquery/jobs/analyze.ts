/** Reads a statement: what it means, what it reads, where it runs, what it costs. Nothing is run. */
import { createHash } from 'node:crypto';
import { accessDenied } from '../control/permissions.ts';
import { type Table, tablePath } from '../data/table.ts';
import { datasetOf } from '../data/warehouse.ts';
import { notFound, ServiceError } from '../rest/service-error.ts';
import type { Service } from '../service.ts';
import { compileQuery } from '../sql/compile-query.ts';
import type { CompiledQuery, Statement } from '../sql/compiled.ts';
import { measurePartitions } from '../sql/information-schema.ts';
import { type RestParameter, readParameters } from '../sql/parameters.ts';
import { parseStatement } from '../sql/parse-query.ts';
import { type Cost, costOf } from './cost.ts';

export interface QueryRequest {
  query: string;
  project: string;
  location?: string;
  defaultDataset?: { projectId?: string; datasetId: string };
  queryParameters?: RestParameter[];
}

export interface Analysis {
  compiled: CompiledQuery;
  statement: Statement;
  cost: Cost;
  location: string;
  /** Equal for statements that must have equal results. */
  cacheKey: string | undefined;
}

export async function analyze(service: Service, request: QueryRequest): Promise<Analysis> {
  const statement = newStatement(service, request);
  if (/INFORMATION_SCHEMA/i.test(request.query)) await measurePartitions(statement);
  const compiled = compileQuery(parseStatement(request.query), statement);
  const location = locationOf(service, statement, request.location);
  const cost = await costOf(statement);
  return { compiled, statement, cost, location, cacheKey: cacheKey(request, statement) };
}

export function newStatement(service: Service, request: Omit<QueryRequest, 'query'>): Statement {
  const { warehouse, permissions } = service;
  return {
    warehouse,
    project: request.project,
    ...(request.defaultDataset
      ? {
          defaultDataset: {
            project: request.defaultDataset.projectId ?? request.project,
            dataset: request.defaultDataset.datasetId,
          },
        }
      : {}),
    parameters: readParameters(request.queryParameters),
    identity: permissions.identity,
    stamp: warehouse.clock.nowMs() * 1000 + 999,
    reads: [],
    metadataReads: 0,
    datasets: new Set(),
    authorize: (table: Table) => {
      const path = tablePath(table);
      if (!permissions.allows('bigquery.tables.getData', path))
        throw accessDenied('Table', path, 'bigquery.tables.getData');
    },
    named: new Map(),
    deterministic: true,
  };
}

/** A job runs where its data is; data somewhere else is "not found". */
function locationOf(service: Service, statement: Statement, wanted: string | undefined): string {
  const datasets = [...statement.datasets].map((key) => {
    const [project, id] = key.split('.') as [string, string];
    return datasetOf(service.warehouse, project, id);
  });
  const location = wanted ?? datasets[0]?.location ?? 'US';
  const elsewhere = datasets.find((d) => d.location.toUpperCase() !== location.toUpperCase());
  if (elsewhere) throw notFound(`Dataset ${elsewhere.project}:${elsewhere.id} was not found in location ${location}`);
  return datasets[0]?.location ?? location;
}

function cacheKey(request: QueryRequest, statement: Statement): string | undefined {
  if (!statement.deterministic || statement.metadataReads > 0) return undefined;
  const versions = statement.reads.map((r) => `${tablePath(r.table)}@${r.version}`);
  const parts = [
    request.project,
    statement.identity,
    request.query,
    request.queryParameters ?? [],
    request.defaultDataset ?? null,
    versions,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** DuckDB refuses at run time what GoogleSQL refuses too: overflows, bad casts, out of range. */
export function asQueryError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const message = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  return new ServiceError('invalidQuery', message.replace(/^[A-Za-z ]+ Error: /, ''), { location: 'query' });
}

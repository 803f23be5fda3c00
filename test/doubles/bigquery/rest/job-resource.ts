/** A job as the REST API shows it. */

import type { Job } from '../jobs/job.ts';
import { writeField } from '../model/field-types.ts';

export function jobResource(job: Job) {
  const { project, id, location, configuration } = job;
  const { dryRun } = configuration;
  const destination = job.result?.table;
  const query = {
    ...configuration.query,
    ...(destination
      ? {
          destinationTable: { projectId: destination.project, datasetId: destination.dataset, tableId: destination.id },
        }
      : {}),
  };
  return {
    kind: 'bigquery#job',
    etag: Buffer.from(`${id}${job.state}`).toString('base64url'),
    ...(dryRun ? {} : { id: `${project}:${location}.${id}` }),
    jobReference: { projectId: project, ...(dryRun ? {} : { jobId: id }), location },
    user_email: job.user,
    configuration: { ...configuration, query },
    status: {
      state: job.state,
      ...(job.error ? { errorResult: job.error.entry(), errors: [job.error.entry()] } : {}),
    },
    statistics: statistics(job),
  };
}

function statistics(job: Job) {
  const { cost, statement, compiled } = job.analysis;
  const dryRun = job.configuration.dryRun === true;
  const done = job.state === 'DONE';
  const known = dryRun || done;
  return {
    creationTime: String(job.createdMs),
    ...(job.startedMs ? { startTime: String(job.startedMs) } : {}),
    ...(job.endedMs ? { endTime: String(job.endedMs) } : {}),
    ...(known ? { totalBytesProcessed: String(job.processedBytes) } : {}),
    query: {
      statementType: 'SELECT',
      ...(known ? { totalBytesProcessed: String(job.processedBytes), cacheHit: job.cacheHit } : {}),
      ...(done && !dryRun
        ? { totalBytesBilled: String(job.billedBytes), totalPartitionsProcessed: String(cost.partitionsRead) }
        : {}),
      ...(dryRun
        ? { totalBytesProcessedAccuracy: job.cacheHit ? 'PRECISE' : cost.accuracy, totalBytesBilled: '0' }
        : {}),
      ...(dryRun ? { schema: { fields: compiled.fields.map(writeField) } } : {}),
      referencedTables: statement.reads.map(({ table }) => ({
        projectId: table.project,
        datasetId: table.dataset,
        tableId: table.id,
      })),
    },
  };
}

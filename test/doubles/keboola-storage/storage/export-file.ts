/** Puts the slices of an export and their manifest where the project keeps its files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContainer, uploadBlob } from '../clouds/azure-shared-key.ts';
import type { Service } from '../service.ts';
import type { Project, Table, Token } from '../world.ts';
import type { ExportFile } from './files.ts';

export interface Slices {
  paths: string[];
  folder: string;
  table: Table;
  project: Project;
  token: Token;
  runId: string;
  fileType: 'csv' | 'parquet';
  gzip: boolean;
}

export async function storeExportFile(service: Service, slices: Slices): Promise<ExportFile> {
  const { settings } = service;
  const id = service.nextId();
  const { bucket, key } = placeOf(service, slices, id);
  const suffix = slices.fileType === 'csv' && slices.gzip ? '.gz' : '';
  const file: ExportFile = {
    id,
    project: slices.project,
    token: slices.token,
    name: `${slices.table.id}.${slices.fileType}${suffix}`,
    provider: settings.fileProvider,
    bucket,
    key,
    isSliced: settings.isSliced,
    sizeBytes: 0,
    createdMs: service.clock.now(),
    expiresMs: service.clock.now() + settings.fileLifeMs,
    runId: slices.runId,
    fileType: slices.fileType,
  };
  if (file.provider === 'azure' && service.azure.blobEndpoint !== `${service.urls.azure}/${service.azure.account}`) {
    await createContainer(service.azure, bucket);
  }
  const keys = slices.paths.map((_, n) => (file.isSliced ? sliceKey(slices, key, n, suffix) : key));
  for (const [n, path] of slices.paths.entries())
    file.sizeBytes += await putObject(service, file, keys[n]!, path, 'slice');
  if (file.isSliced) {
    // The listing order of the cloud, in which slice 10 comes before slice 2.
    const entries = [...keys].sort().map((name) => ({ url: entryUrl(service, file, name), mandatory: true }));
    const path = join(slices.folder, 'manifest');
    writeFileSync(path, JSON.stringify({ entries }));
    await putObject(service, file, `${key}manifest`, path, 'manifest');
  }
  service.files.push(file);
  return file;
}

function entryUrl(service: Service, file: ExportFile, key: string): string {
  if (file.provider === 'aws') return `s3://${file.bucket}/${key}`;
  if (file.provider === 'gcp') return `gs://${file.bucket}/${key}`;
  return `azure://${service.azure.account}.blob.core.windows.net/${file.bucket}/${key}`;
}

function placeOf(service: Service, { project, table, fileType }: Slices, id: number): { bucket: string; key: string } {
  const [stage, bucketName] = table.bucket.id.split('.');
  if (service.settings.fileProvider === 'azure') {
    const container = `exp-15-export-${project.id}-${id}-${table.bucket.id}-${table.name}`
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-');
    return { bucket: container.slice(0, 63).replace(/-$/, ''), key: `${id}.${fileType}` };
  }
  const bucket = service.settings.fileProvider === 'aws' ? 'kbc-sapi-files-double' : 'kbc-gcs-files-double';
  return { bucket, key: `exp-15/${project.id}/table-exports/${stage}/${bucketName}/${table.name}/${id}.${fileType}` };
}

function sliceKey({ table, fileType }: Slices, key: string, n: number, suffix: string): string {
  if (table.bucket.backend === 'bigquery') return `${key}${String(n).padStart(12, '0')}.${fileType}${suffix}`;
  return `${key}_${n}_0_0.${fileType === 'parquet' ? 'snappy.parquet' : 'csv'}${suffix}`;
}

async function putObject(
  service: Service,
  file: ExportFile,
  key: string,
  path: string,
  role: 'slice' | 'manifest',
): Promise<number> {
  const contentType = role === 'manifest' ? 'application/json' : 'application/octet-stream';
  const object = {
    provider: file.provider,
    bucket: file.bucket,
    key,
    path,
    createdMs: service.clock.now(),
    role,
    contentType,
  };
  const { size } = await service.store.put(object);
  if (file.provider === 'azure' && service.azure.blobEndpoint !== `${service.urls.azure}/${service.azure.account}`) {
    await uploadBlob(service.azure, file.bucket, key, path, contentType);
  }
  return size;
}

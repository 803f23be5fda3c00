/** One authenticated call, as the route handlers see it. */
import type { Incoming } from '../http/listener.ts';
import type { Service } from '../service.ts';
import type { Branch, Bucket, Project, Table, Token } from '../world.ts';
import { ApiError } from './errors.ts';

export interface Call {
  service: Service;
  request: Incoming;
  params: Record<string, string>;
  token: Token;
  project: Project;
  branch: Branch;
}

export function mayRead(token: Token, bucketId: string): boolean {
  return token.isMaster || token.bucketPermissions[bucketId] !== undefined;
}

export function findBucket({ branch, token }: Call, bucketId: string): Bucket {
  const bucket = branch.buckets.get(bucketId);
  if (!bucket) throw new ApiError(404, 'storage.buckets.notFound', `Bucket ${bucketId} not found`);
  if (!mayRead(token, bucketId)) throw denied(bucketId);
  return bucket;
}

/** A table of the branch, or of another branch when the caller names one. */
export function findTable(call: Call, tableId: string, branch: Branch = call.branch): Table {
  const [stage, bucketName, ...name] = tableId.split('.');
  const bucketId = `${stage}.${bucketName}`;
  const bucket = branch.buckets.get(bucketId);
  const table = bucket && tablesOf(bucket).find((candidate) => candidate.name === name.join('.'));
  if (bucket && !mayRead(call.token, bucketId)) throw denied(bucketId);
  if (!table) {
    const message = `The table "${name.join('.')}" was not found in the bucket "${bucketId}" in the project "${call.project.id}"`;
    throw new ApiError(404, 'storage.tables.notFound', message);
  }
  return table;
}

/** A linked bucket shows each table of its source as an alias of its own. */
export function tablesOf(bucket: Bucket): Table[] {
  if (!bucket.linked) return [...bucket.tables.values()];
  return tablesOf(bucket.linked).map((source) => ({
    ...source,
    id: `${bucket.id}.${source.name}`,
    bucket,
    metadata: [],
    alias: { source },
  }));
}

function denied(bucketId: string): ApiError {
  return new ApiError(403, 'accessDenied', `You don't have access to the resource. Bucket ${bucketId}`);
}

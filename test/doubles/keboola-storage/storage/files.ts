/** File details: a signed URL and, with `federationToken`, fresh credentials at every call. */
import { serviceDate } from '../clock.ts';
import { gcsUrlSignature, serviceKey } from '../clouds/credentials.ts';
import { mintSas } from '../clouds/sas.ts';
import { presignUrl } from '../clouds/sigv4-presign.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import type { FileProvider, Project, Token } from '../world.ts';
import type { Call } from './call.ts';
import { ApiError } from './errors.ts';

export interface ExportFile {
  id: number;
  project: Project;
  token: Token;
  name: string;
  provider: FileProvider;
  bucket: string;
  key: string;
  isSliced: boolean;
  sizeBytes: number;
  createdMs: number;
  expiresMs: number;
  runId: string;
  fileType: 'csv' | 'parquet';
}

export function fileDetail({ service, project, params, request }: Call): Reply {
  const file = service.files.find(
    (candidate) => String(candidate.id) === params.fileId && candidate.project === project,
  );
  if (!file || service.clock.now() >= file.expiresMs) {
    throw new ApiError(404, 'storage.files.notFound', `File ${params.fileId} was not found`);
  }
  const federation = ['1', 'true'].includes(request.query.get('federationToken') ?? '');
  return jsonReply(200, {
    id: file.id,
    created: serviceDate(file.createdMs),
    isPublic: false,
    isSliced: file.isSliced,
    isEncrypted: true,
    name: file.name,
    url: signedUrl(service, file),
    provider: file.provider,
    region: service.settings.region,
    sizeBytes: file.sizeBytes,
    tags: [`table-export`],
    maxAgeDays: Math.round(service.settings.fileLifeMs / 86_400_000),
    runId: file.runId,
    runIds: file.runId ? [file.runId] : [],
    creatorToken: { id: file.token.id, description: file.token.description },
    fileType: file.fileType,
    ...(federation ? federationParts(service, file) : locationParts(file)),
  });
}

function locationParts(file: ExportFile): Record<string, unknown> {
  if (file.provider === 'aws') return { s3Path: { bucket: file.bucket, key: file.key } };
  if (file.provider === 'gcp') return { gcsPath: { bucket: file.bucket, key: file.key } };
  return { absPath: { container: file.bucket, name: file.key } };
}

function federationParts(service: Service, file: ExportFile): Record<string, unknown> {
  service.credentials.lifeMs = service.settings.credentialsLifeMs;
  if (file.provider === 'aws') {
    const { accessKeyId, secret, sessionToken, expiresMs } = service.credentials.mintS3(file.bucket, file.key);
    const credentials = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secret,
      SessionToken: sessionToken,
      Expiration: serviceDate(expiresMs),
    };
    return { ...locationParts(file), credentials };
  }
  if (file.provider === 'gcp') {
    const { token, expiresIn } = service.credentials.mintGcs(file.bucket, file.key);
    const gcsCredentials = {
      access_token: token,
      expires_in: expiresIn,
      token_type: 'Bearer',
      projectId: 'double-project',
    };
    return { ...locationParts(file), gcsCredentials };
  }
  const { sas, expiresMs } = service.credentials.mintAzure(service.azure.account, file.bucket, service.azure.key);
  const SASConnectionString = `BlobEndpoint=${service.azure.blobEndpoint};SharedAccessSignature=${sas}`;
  return { ...locationParts(file), absCredentials: { SASConnectionString, expiration: serviceDate(expiresMs) } };
}

/** The manifest of a sliced file, the one object of an unsliced one. */
function signedUrl(service: Service, file: ExportFile): string {
  const key = file.isSliced ? `${file.key}manifest` : file.key;
  const lifeSeconds = Math.floor(service.settings.signedUrlLifeMs / 1000);
  const nowMs = service.clock.now();
  if (file.provider === 'aws') {
    return presignUrl({
      endpoint: service.urls.s3,
      bucket: file.bucket,
      key,
      region: service.settings.region,
      ...serviceKey,
      atMs: nowMs,
      lifeSeconds,
    });
  }
  const path = key.split('/').map(encodeURIComponent).join('/');
  if (file.provider === 'gcp') {
    const expires = String(Math.floor(nowMs / 1000) + lifeSeconds);
    return `${service.urls.gcs}/${file.bucket}/${path}?Expires=${expires}&Signature=${gcsUrlSignature(file.bucket, key, expires)}`;
  }
  const { account, key: accountKey, blobEndpoint } = service.azure;
  const sas = mintSas({
    account,
    container: file.bucket,
    blob: key,
    permissions: 'r',
    startsMs: nowMs - 3_600_000,
    expiresMs: nowMs + lifeSeconds * 1000,
    key: accountKey,
  });
  return `${blobEndpoint}/${file.bucket}/${path}?${sas}`;
}

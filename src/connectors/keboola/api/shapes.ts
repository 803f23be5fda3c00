/** The answers of the Storage API as far as they are used; lenient, because empty maps come as `[]` and numbers as text. */
import { z } from 'zod';

const id = z.union([z.string(), z.number()]).transform(String);
const text = z.string().nullish();
const count = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => (value == null ? null : Number(value)));

/** A PHP array that is a map unless it is empty. */
function map<T extends z.ZodType>(value: T) {
  return z
    .union([
      z.record(z.string(), value),
      z
        .array(z.unknown())
        .length(0)
        .transform(() => ({}) as Record<string, z.output<T>>),
    ])
    .nullish()
    .transform((given): Record<string, z.output<T>> => given ?? {});
}

const metadata = z.looseObject({
  key: z.string(),
  value: z.unknown().transform((value) => String(value ?? '')),
  provider: text,
  timestamp: text,
});

const definitionColumn = z.looseObject({
  name: z.string(),
  definition: z.looseObject({
    type: z.string(),
    nullable: z.boolean().nullish(),
    length: z.union([z.string(), z.number()]).nullish(),
  }),
  basetype: text,
  canBeFiltered: z.boolean().nullish(),
});

const definition = z.looseObject({ columns: z.array(definitionColumn).nullish() });

export const tokenAnswer = z.object({
  id,
  description: text,
  isMasterToken: z.boolean().nullish(),
  canManageBuckets: z.boolean().nullish(),
  expires: text,
  isExpired: z.boolean().nullish(),
  isDisabled: z.boolean().nullish(),
  bucketPermissions: map(z.unknown().transform(String)),
  owner: z.object({
    id,
    name: text,
    region: text,
    features: z.array(z.string()).nullish(),
    defaultBackend: text,
    fileStorageProvider: text,
    limits: map(z.looseObject({ value: z.unknown() })),
  }),
});

export type TokenAnswer = z.infer<typeof tokenAnswer>;

export const bucketAnswer = z.looseObject({
  id: z.string(),
  displayName: text,
  description: text,
  backend: text,
  isMaintenance: z.boolean().nullish(),
  isLinkedBucket: z.boolean().nullish(),
  sourceBucket: z.unknown().optional(),
});

export type BucketAnswer = z.infer<typeof bucketAnswer>;

export const tableAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  displayName: text,
  primaryKey: z.array(z.string()).nullish(),
  lastImportDate: text,
  lastChangeDate: text,
  rowsCount: count,
  dataSizeBytes: count,
  isAlias: z.boolean().nullish(),
  isTyped: z.boolean().nullish(),
  tableType: text,
  timestampType: text,
  columns: z.array(z.string()).nullish(),
  metadata: z.array(metadata).nullish(),
  columnMetadata: map(z.array(metadata)),
  definition: definition.nullish().catch(null),
  bucket: bucketAnswer.nullish(),
  sourceTable: z
    .looseObject({ id: text, columnMetadata: map(z.array(metadata)), definition: definition.nullish().catch(null) })
    .nullish(),
  aliasFilter: z.unknown().optional(),
});

export type TableAnswer = z.infer<typeof tableAnswer>;

export type Metadata = z.infer<typeof metadata>;

export const jobAnswer = z.looseObject({
  id,
  status: z.string(),
  results: z.unknown().optional(),
  error: z.unknown().optional(),
});

export type JobAnswer = z.infer<typeof jobAnswer>;

const exportResults = z.looseObject({ file: z.looseObject({ id }), cacheHit: z.boolean().nullish() });

/** The file of a finished export, or null when the job shows none. */
export function exportedFile(job: JobAnswer): { id: string; cacheHit: boolean } | null {
  const parsed = exportResults.safeParse(job.results);
  return parsed.success ? { id: parsed.data.file.id, cacheHit: parsed.data.cacheHit === true } : null;
}

const location = z.looseObject({ bucket: z.string(), key: z.string() });

export const fileAnswer = z.looseObject({
  id,
  name: text,
  isSliced: z.boolean().nullish(),
  provider: z.enum(['aws', 'gcp', 'azure']),
  region: text,
  sizeBytes: count,
  s3Path: location.nullish(),
  gcsPath: location.nullish(),
  absPath: z.looseObject({ container: z.string(), name: z.string() }).nullish(),
  credentials: z
    .looseObject({ AccessKeyId: z.string(), SecretAccessKey: z.string(), SessionToken: text, Expiration: text })
    .nullish(),
  gcsCredentials: z.looseObject({ access_token: z.string(), expires_in: count }).nullish(),
  absCredentials: z.looseObject({ SASConnectionString: z.string(), expiration: text }).nullish(),
});

export type FileAnswer = z.infer<typeof fileAnswer>;

export const manifestAnswer = z.looseObject({
  entries: z.array(z.looseObject({ url: z.string(), mandatory: z.boolean().nullish() })),
});

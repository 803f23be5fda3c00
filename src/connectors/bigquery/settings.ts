/** What a BigQuery source is configured with. */
import { z } from 'zod';
import { parseSize } from '../byte-size.ts';
import { filePath } from '../file-path.ts';
import { isLoopback } from './endpoint.ts';

/** A project’s id, with the domain in front that old ones have. */
export const projectId = /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

const project = z.string().regex(projectId, 'must be a project id, e.g. acme-analytics');

const bytes = z.string().refine((text) => (parseSize(text) ?? 0) > 0, { error: 'expected a size, e.g. 200GB or 2TiB' });

const endpoint = (form: string) => z.string().min(1).describe(form);

export const settings = z
  .strictObject({
    project: project.meta({ title: 'Project', description: 'The project that holds the data.' }),
    billing_project: project.optional().meta({
      title: 'Billing project',
      description: 'The project that pays for queries and reads; the data’s own when absent.',
    }),
    location: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/)
      .optional()
      .meta({
        title: 'Location',
        description: 'Where queries of `options.sql` run, e.g. EU; tables know their own.',
      }),
    datasets: z
      .array(z.string().regex(/^([a-z0-9.:-]+\.)?\w{1,1024}$/, 'must be a dataset, or project.dataset'))
      .min(1)
      .optional()
      .meta({
        title: 'Datasets',
        description: 'The only datasets that may be read; all of the project when absent.',
      }),
    credentials_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .meta({
        title: 'Variable with the key',
        description: 'Environment variable that holds the JSON of a service account’s key.',
      }),
    credentials_file: filePath('A service account’s key as a JSON file.').optional(),
    credentials: z.literal('default').optional().meta({
      title: 'Credentials',
      description: 'default: application default credentials, also when no credentials are named.',
    }),
    driver: z.enum(['auto', 'native', 'extension']).default('auto').meta({
      title: 'Driver',
      description:
        'native needs no DuckDB extension; extension insists on the `bigquery` extension of DuckDB, which an operator supplies; auto takes it where it can be loaded. A table that it would not read exactly is read natively.',
    }),
    storage_read: z.enum(['auto', 'never']).default('auto').meta({
      title: 'Storage Read API',
      description: 'never: everything is read through queries and REST.',
    }),
    max_bytes_per_table: bytes.default('200GB').meta({
      title: 'Largest read of a table',
      description: 'A read that would scan more is refused before it starts.',
    }),
    max_bytes_per_run: bytes.default('1TB').meta({ title: 'Most bytes of a run', description: 'All tables together.' }),
    max_bytes_per_day: bytes
      .default('2TB')
      .meta({ title: 'Most bytes of a day', description: 'All runs of a day in UTC, failed ones included.' }),
    price_per_tib: z.number().min(0).default(6.25).meta({
      title: 'Price of queries',
      description: 'Dollars for each TiB a query scans; for estimates alone.',
    }),
    storage_price_per_tib: z.number().min(0).default(1.1).meta({
      title: 'Price of Storage Read',
      description: 'Dollars for each TiB read by the Storage Read API; for estimates alone.',
    }),
    query_timeout_seconds: z.number().int().min(1).max(21_600).default(3_600).meta({
      title: 'Longest query',
      description: 'BigQuery ends a query that takes longer.',
    }),
    stall_timeout_seconds: z.number().int().min(1).max(3_600).default(120).meta({
      title: 'Longest silence',
      description: 'A call or a download without progress for this long is broken off and tried once more.',
    }),
    api_endpoint: endpoint('Another address of the REST API, e.g. https://bigquery.example.com.').optional(),
    storage_endpoint: endpoint('Another address of the Storage Read API, as host or host:port.').optional(),
  })
  .refine((given) => given.credentials_env === undefined || given.credentials_file === undefined, {
    message: 'give either credentials_env or credentials_file',
    path: ['credentials_file'],
  })
  .refine(
    (given) =>
      given.credentials === undefined || (given.credentials_env === undefined && given.credentials_file === undefined),
    { message: 'default cannot stand beside credentials_env or credentials_file', path: ['credentials'] },
  )
  .refine((given) => given.api_endpoint === undefined || isAllowedEndpoint(given.api_endpoint), {
    message: 'must begin with https://; http:// is for this machine alone (localhost, 127.0.0.1, ::1)',
    path: ['api_endpoint'],
  })
  .refine(
    (given) =>
      given.storage_endpoint === undefined ||
      /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/.test(given.storage_endpoint),
    {
      message: 'must be a host, or host:port, without http://',
      path: ['storage_endpoint'],
    },
  );

export type Settings = z.infer<typeof settings>;

function isAllowedEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** The caps in bytes. */
export function capsOf(given: Settings): { table: number; run: number; day: number } {
  return {
    table: parseSize(given.max_bytes_per_table)!,
    run: parseSize(given.max_bytes_per_run)!,
    day: parseSize(given.max_bytes_per_day)!,
  };
}

/** The project that pays. */
export function payerOf({ billing_project, project }: Settings): string {
  return billing_project ?? project;
}

/** What a Keboola source is configured with. */
import { z } from 'zod';
import { isLoopback } from '../machine-address.ts';

export const readPaths = ['auto', 'extension', 'http'] as const;

const stackUrl = z
  .string()
  .refine((text) => addressFault(text) === null, {
    error: (issue) => addressFault(String(issue.input)) ?? 'is not an address',
  })
  .meta({ title: 'Stack', description: 'e.g. https://connection.us-east4.gcp.keboola.com' });

const limits = z.strictObject({
  tries: z.number().int().min(1).max(20).default(5).describe('How often one request is tried.'),
  first_pause_ms: z.number().int().min(1).max(60_000).default(500).describe('Pause before the second try; it doubles.'),
  longest_pause_seconds: z
    .number()
    .min(0.01)
    .max(600)
    .default(60)
    .describe('A stack that asks for a longer pause than this postpones the run.'),
  idle_timeout_seconds: z.number().min(0.05).max(600).default(60).describe('Longest silence of a connection.'),
  job_wait_minutes: z
    .number()
    .min(0.001)
    .max(1_440)
    .default(60)
    .describe('How long an export may wait for its turn; then the table is postponed.'),
  job_minutes: z.number().min(0.001).max(1_440).default(30).describe('How long an export may run.'),
  exports: z.number().int().min(1).max(32).default(8).describe('Exports under way at once.'),
  downloads: z.number().int().min(1).max(64).default(12).describe('Slices under way at once.'),
  extension_rows: z
    .number()
    .int()
    .min(0)
    .default(200_000)
    .describe('Largest table that `path: auto` reads by extension.'),
});

export const settings = z.strictObject({
  url: stackUrl,
  token_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .default('KEBOOLA_STORAGE_TOKEN')
    .meta({ title: 'Variable with the token', description: 'Environment variable that holds the Storage API token.' }),
  branch: z
    .union([
      z.string().regex(/^(default|[0-9]+)$/, 'must be the number of a branch, or default'),
      z.number().int().min(1),
    ])
    .transform(String)
    .optional()
    .meta({ title: 'Branch', description: 'Number of a development branch; absent: the main one.' }),
  project: z
    .union([z.string().regex(/^[0-9]+$/, 'must be the number of a project'), z.number().int().min(1)])
    .transform(String)
    .optional()
    .meta({ title: 'Project', description: 'Number of the project the token must belong to.' }),
  path: z.enum(readPaths).default('auto').meta({
    title: 'Path',
    description:
      'http: exports through the Storage API. extension: the DuckDB extension, where an operator supplied it. auto: the extension for small tables it reads exactly.',
  }),
  limits: limits.prefault({}).meta({ title: 'Limits' }),
});

export type Settings = z.infer<typeof settings>;

export type Limits = Settings['limits'];

/** Why an address cannot be used, or null. */
function addressFault(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === '') return 'must be an address such as https://connection.keboola.com';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials; the token comes from token_env';
  if (url.search !== '' || url.hash !== '') return 'must be the address of the stack alone';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return null;
  return 'must begin with https:// (http only for this machine)';
}

/** The keys of `instance.yaml` outside the sources' own settings, with defaults. */
import { cpus, totalmem } from 'node:os';
import { z } from 'zod';
import { identityFault } from '../contract/identity.ts';
import { duration, durationBetween, memory, schedule, wholeNumber } from './units.ts';

const sourceName = z.string().refine((name) => identityFault(name) === null, {
  error: (issue) => `the source name ${JSON.stringify(issue.input)} cannot be used: ${identityFault(issue.input)}`,
});

/** A source's own settings are checked by its connector, with the keys here taken away. */
const sourceEntry = z.looseObject(
  {
    type: z.string({ error: 'expected the type of the source, e.g. postgres' }),
    schedule: schedule.optional(),
  },
  { error: 'expected the settings of the source, e.g. { type: csv, path: ./inbox }' },
);

export const fileSchema = z.strictObject({
  data_dir: z.string().min(1).default('./data'),
  instance: z.strictObject({ name: z.string().min(1).default('Data Attaché') }).prefault({}),
  server: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: wholeNumber(0, 65_535, 'expected a port number, e.g. 8080').default(8080),
      public_url: z.url({ protocol: /^https?$/, error: 'expected a URL, e.g. https://data.example.com' }).optional(),
    })
    .prefault({}),
  sources: z
    .record(sourceName, sourceEntry, {
      error: 'expected sources by name, e.g. crm: { type: postgres, url_env: CRM_URL }',
    })
    .default({}),
  duckdb: z
    .strictObject({
      memory_limit: memory.default(defaultMemoryLimit()),
      threads: wholeNumber(1, 256, 'expected a number of threads, e.g. 2').default(Math.min(4, cpus().length)),
      extension_directories: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      interval: z
        .union([z.literal('off'), durationBetween('1s', '24d')], {
          error: 'expected a duration from 1s to 24d, e.g. 15m, or off',
        })
        .default(15 * 60_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      extract_memory: memory.default('4GB'),
      extract_time: durationBetween('1s', '24d').default(4 * 3_600_000),
      grace: duration.default(3_600_000),
    })
    .prefault({}),
});

/** A quarter of the machine, and no more than an extraction was measured to need. */
function defaultMemoryLimit(): string {
  return `${Math.max(256, Math.min(512, Math.floor(totalmem() / 4 / 1e6)))}MB`;
}

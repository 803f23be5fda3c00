/** The keys of `instance.yaml` outside the sources' own settings, with defaults. */
import { cpus, totalmem } from 'node:os';
import { z } from 'zod';
import { identityFault } from '../contract/identity.ts';
import { duration, schedule, size } from './units.ts';

const sourceName = z.string().refine((name) => identityFault(name) === null, {
  error: (issue) => `the source name ${JSON.stringify(issue.input)} cannot be used: ${identityFault(issue.input)}`,
});

/** A source's own settings are checked by its connector, with the keys here taken away. */
const sourceEntry = z.looseObject({
  type: z.string({ error: 'expected the type of the source, e.g. postgres' }),
  schedule: schedule.optional(),
});

export const fileSchema = z.strictObject({
  data_dir: z.string().min(1).default('./data'),
  instance: z.strictObject({ name: z.string().min(1).default('Data Attaché') }).prefault({}),
  server: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.coerce.number({ error: 'expected a port number, e.g. 8080' }).int().min(0).max(65_535).default(8080),
      public_url: z.url({ protocol: /^https?$/, error: 'expected a URL, e.g. https://data.example.com' }).optional(),
    })
    .prefault({}),
  sources: z.record(sourceName, sourceEntry).default({}),
  duckdb: z
    .strictObject({
      memory_limit: size.default(defaultMemoryLimit()),
      threads: z.coerce
        .number({ error: 'expected a number of threads, e.g. 2' })
        .int()
        .min(1)
        .max(256)
        .default(Math.min(4, cpus().length)),
      extension_directories: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      interval: z
        .union([z.literal('off'), duration], { error: 'expected a duration such as 15m, or off' })
        .default(15 * 60_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      extract_memory: size.default('4GB'),
      extract_time: duration.default(4 * 3_600_000),
      grace: duration.default(3_600_000),
    })
    .prefault({}),
});

/** A quarter of the machine, and no more than an extraction was measured to need. */
function defaultMemoryLimit(): string {
  return `${Math.max(256, Math.min(512, Math.floor(totalmem() / 4 / 1e6)))}MB`;
}

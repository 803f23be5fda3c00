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
    type: z
      .string({ error: 'expected the type of the source, e.g. postgres' })
      .describe('The connector, e.g. postgres.'),
    schedule: schedule.optional().meta({
      description: 'How often its tables are synced, e.g. `every 2h`.',
      usually: 'scheduler.interval',
    }),
  },
  { error: 'expected the settings of the source, e.g. { type: csv, path: ./inbox }' },
);

/** `usually` says a default that is no constant, or that people would not write as it is kept. */
export const fileSchema = z.strictObject({
  data_dir: z
    .string()
    .min(1)
    .default('./data')
    .describe('The folder of everything the server keeps: extracts, master, state.'),
  instance: z
    .strictObject({ name: z.string().min(1).default('Data Attaché').describe('What people see as the title.') })
    .prefault({}),
  server: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('The address to listen on; `0.0.0.0` for every network.'),
      port: wholeNumber(0, 65_535, 'expected a port number, e.g. 8080')
        .default(8080)
        .meta({ description: 'The port to listen on; 0 picks a free one.', usually: '8080' }),
      public_url: z
        .url({ protocol: /^https?$/, error: 'expected a URL, e.g. https://data.example.com' })
        .optional()
        .describe('The address under which others reach the server, e.g. behind a proxy.'),
    })
    .prefault({}),
  sources: z
    .record(sourceName, sourceEntry, {
      error: 'expected sources by name, e.g. crm: { type: postgres, url_env: CRM_URL }',
    })
    .default({}),
  duckdb: z
    .strictObject({
      memory_limit: memory.default(defaultMemoryLimit()).meta({
        description: 'Memory of one extraction’s DuckDB, e.g. `2GB`.',
        usually: 'a quarter of the machine, from 256MB to 512MB',
      }),
      threads: wholeNumber(1, 256, 'expected a number of threads, e.g. 2')
        .default(Math.min(4, cpus().length))
        .meta({ description: 'Threads of one extraction’s DuckDB.', usually: 'the processors, at most 4' }),
      extension_directories: z
        .array(z.string().min(1))
        .default([])
        .describe('Where DuckDB extensions lie that an operator supplies; `da extensions install` puts one there.'),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      interval: z
        .union([z.literal('off'), durationBetween('1s', '24d')], {
          error: 'expected a duration from 1s to 24d, e.g. 15m, or off',
        })
        .default(15 * 60_000)
        .meta({ description: 'How often everything registered is synced; `off` for never by itself.', usually: '15m' }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      extract_memory: memory.default('4GB').describe('Memory at which an extraction’s process group is killed.'),
      extract_time: durationBetween('1s', '24d')
        .default(4 * 3_600_000)
        .meta({ description: 'Time after which an extraction’s process group is killed.', usually: '4h' }),
      grace: duration.default(3_600_000).meta({
        description: 'How long a file lives that nothing names any more, for those who still read it.',
        usually: '1h',
      }),
    })
    .prefault({}),
});

/** A quarter of the machine, and no more than an extraction was measured to need. */
function defaultMemoryLimit(): string {
  return `${Math.max(256, Math.min(512, Math.floor(totalmem() / 4 / 1e6)))}MB`;
}

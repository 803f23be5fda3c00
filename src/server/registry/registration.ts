/** What may be said about a table when it is registered or changed, and what is shown of it. */
import { z } from 'zod';
import { errorRecord } from '../schemas/names.ts';

const label = z.string().trim().min(1, 'It must not be blank.').max(200);

const settings = {
  name: label.meta({ description: 'A label for people; the id is derived from it when none is given.' }),
  bucket: z.string().trim().min(1).nullish().meta({ description: 'Schema, bucket or dataset in the source.' }),
  source_table: label.meta({ description: 'Name in the source.' }),
  sync_strategy: z.enum(['full_refresh', 'incremental', 'partitioned']).nullish(),
  query_mode: z.enum(['local', 'remote']).nullish(),
  sync_schedule: z.string().nullish(),
  profile_after_sync: z
    .boolean()
    .nullish()
    .meta({ description: 'Kept for the profiles to come: nothing profiles tables yet.' }),
  primary_key: z
    .union(
      [z.string(), z.array(z.string().trim().min(1))],
      'It must be a list of column names, or names joined by commas.',
    )
    .nullish()
    .meta({ description: 'Column names, as a list or joined by commas.' }),
  description: z.string().trim().max(10_000).nullish(),
  options: z.record(z.string(), z.unknown()).nullish().meta({
    description: 'Columns, filters and what else the connector knows; see GET /api/admin/sources.',
  }),
};

/** `POST /api/admin/registry`. */
export const newTable = z
  .strictObject({
    id: z.string().trim().nullish().meta({ description: 'Never changes. Derived from the name when absent.' }),
    source_name: label.nullish().meta({ description: 'A configured source; default: source_type.' }),
    source_type: label.nullish(),
    ...settings,
  })
  .meta({ id: 'NewTable' });

/** `PATCH /api/admin/registry/{id}`: changes what is given; null goes back to the default. */
export const tableChange = z.strictObject(settings).partial().meta({ id: 'TableChange' });

/** A registered table with how its last attempt ended. */
export const registryRow = z
  .object({
    id: z.string(),
    name: z.string(),
    source_type: z.string(),
    source_name: z.string(),
    bucket: z.string().nullable(),
    source_table: z.string(),
    sync_strategy: z.string(),
    query_mode: z.string(),
    sync_schedule: z.string().nullable(),
    profile_after_sync: z.boolean(),
    primary_key: z.array(z.string()),
    description: z.string().nullable(),
    options: z.record(z.string(), z.unknown()),
    registered_by: z.string().nullable(),
    registered_at: z.string(),
    status: z.enum(['pending', 'succeeded', 'unchanged', 'postponed', 'failed', 'cancelled']),
    last_attempt: z.string().nullable(),
    last_success: z.string().nullable(),
    error: errorRecord.nullable(),
    rows: z.number().nullable(),
    size_bytes: z.number().nullable(),
    schema_changes: z.array(z.string()).meta({
      description: 'How the columns of the live content differ from those before, or those refused by a frozen table.',
    }),
  })
  .meta({ id: 'RegistryRow' });

/** A row just registered or changed, with what the source said about it. */
export const settledRow = registryRow
  .extend({
    columns: z
      .array(z.object({ name: z.string(), type: z.string() }))
      .nullable()
      .meta({ description: 'As settled with the source; null when it settles nothing beforehand.' }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'SettledRow' });

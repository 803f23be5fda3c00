/** `/api/admin/sources`: configured sources, a probe, and what they offer. */
import { z } from 'zod';
import type { SourceConfig } from '../../config/shapes.ts';
import { loadConnector } from '../../connectors/catalogue.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { listTables } from '../../system/table-registry.ts';
import { allOptions } from '../registry/check-table.ts';
import { isOfferedAs } from '../registry/is-offered-as.ts';
import { askSource } from '../registry/settle-table.ts';
import { defineRoute, type Route } from '../route.ts';
import { identity } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

const sourceSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    title: z.string(),
    summary: z.string(),
    schedule: z.string().nullable().meta({ description: 'null: the interval of the instance.' }),
    tables: z.int().meta({ description: 'Registered tables.' }),
    busy_with: z.string().nullable().meta({ description: 'The job that syncs it now.' }),
    table_options: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of options in the registry.' }),
  })
  .meta({ id: 'Source' });

const checkSchema = z
  .object({
    summary: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'CheckReport' });

const offeredTable = z
  .object({
    bucket: z.string().nullable(),
    source_table: z.string(),
    name: z.string().nullable().meta({ description: 'Proposed table id.' }),
    description: z.string().nullable(),
    kind: z.string(),
    columns: z
      .array(
        z.object({
          name: z.string(),
          source_type: z.string(),
          type: z.string().nullable(),
          nullable: z.boolean(),
        }),
      )
      .nullable(),
    primary_key: z.array(z.string()),
    rows: z.number().nullable(),
    size_bytes: z.number().nullable(),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .meta({ description: 'What else is worth knowing of it, by name.' }),
    registered_as: z.array(z.string()).meta({ description: 'Ids of registered tables that read it.' }),
  })
  .meta({ id: 'OfferedTable' });

export function sourceRoutes(parts: ServerParts): Route[] {
  const { config, state, sync } = parts;
  const params = z.object({ name: identity });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/admin/sources',
      summary: 'Configured sources',
      action: 'administer',
      answers: { 200: { description: 'All of them', schema: z.object({ sources: z.array(sourceSchema) }) } },
      handle: async () => {
        const tables = await state.read(listTables);
        return { sources: await Promise.all([...config.sources.values()].map((source) => described(source, tables))) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/admin/sources/{name}/check',
      summary: 'Probe a source: credentials, rights, reachability',
      action: 'administer',
      params,
      answers: { 200: { description: 'What answered', schema: checkSchema } },
      handle: ({ params: { name } }) => askSource(parts, configured(name), { kind: 'check' }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/admin/sources/{name}/tables',
      summary: 'What a source offers',
      action: 'administer',
      params,
      answers: { 200: { description: 'Its tables', schema: z.object({ tables: z.array(offeredTable) }) } },
      handle: async ({ params: { name } }) => {
        const source = configured(name);
        const [offered, connector] = [
          await askSource(parts, source, { kind: 'discover' }),
          await loadConnector(source.type),
        ];
        const registered = (await state.read(listTables)).filter((table) => table.source_name === name);
        return {
          tables: offered.map((table) => ({
            ...table,
            registered_as: registered.filter((row) => isOfferedAs(row, table, connector)).map((row) => row.id),
          })),
        };
      },
    }),
  ];

  function configured(name: string): SourceConfig {
    const source = config.sources.get(name);
    if (source !== undefined) return source;
    throw new AttacheError('not_found', {
      message: `No source ${name} is configured.`,
      hint: 'See GET /api/admin/sources for the sources there are.',
    });
  }

  async function described(source: SourceConfig, tables: readonly { source_name: string }[]) {
    const connector = await loadConnector(source.type);
    return {
      name: source.name,
      type: source.type,
      title: connector.title,
      summary: connector.summary,
      schedule: source.schedule,
      tables: tables.filter((table) => table.source_name === source.name).length,
      busy_with: sync.busyWith(source.name),
      table_options: z.toJSONSchema(allOptions(connector), { io: 'input', unrepresentable: 'any' }),
    };
  }
}

/** The sources that push: each with its door and process, its tables registered by itself, the master told when something new is live. */
import type { InstanceConfig } from '../config/shapes.ts';
import { loadConnector } from '../connectors/catalogue.ts';
import type { Connector } from '../connectors/connector.ts';
import { pushedTables } from '../connectors/pushed-tables.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { PushedSource } from '../receive/pushed-source.ts';
import type { SystemState } from '../system/system-state.ts';
import { findTable, insertTable } from '../system/table-registry.ts';
import { reportPushed } from './report-pushed.ts';
import type { Log, SyncParts } from './sync-parts.ts';

const takenNames =
  'tables of a pushed source have names that are registered for another; they are reached as source.table until one of the two is called otherwise';

export interface PushedParts {
  config: InstanceConfig;
  state: SystemState;
  secretsOf: SyncParts['secretsOf'];
  rebuild(): Promise<void>;
  log: Log;
}

export class PushedSources {
  private readonly sources = new Map<string, PushedSource>();
  private readonly parts: PushedParts;
  private rebuilding: Promise<void> | null = null;
  private again = false;
  private closed = false;

  private constructor(parts: PushedParts) {
    this.parts = parts;
  }

  /** Starts every configured source whose connector receives. One that cannot start is logged and leaves the others alone. */
  static async start(parts: PushedParts): Promise<PushedSources> {
    const pushed = new PushedSources(parts);
    for (const name of parts.config.sources.keys()) {
      try {
        await pushed.open(name);
      } catch (err) {
        parts.log.error({ source: name, err }, 'a pushed source could not be started');
      }
    }
    return pushed;
  }

  get(name: string): PushedSource | null {
    return this.sources.get(name) ?? null;
  }

  /** The source, or an error that says why there is none. */
  demand(name: string): PushedSource {
    const source = this.get(name);
    if (source !== null) return source;
    if (!this.parts.config.sources.has(name))
      throw new AttacheError('not_found', { message: `No source ${name} is configured.` });
    throw new AttacheError('unsupported', {
      message: `The source ${name} does not receive events.`,
      hint: 'Only sources that push, such as jira or webhook, can do this.',
    });
  }

  list(): PushedSource[] {
    return [...this.sources.values()];
  }

  /** To sync a pushed source is to make live what waits; anything else is extracted. */
  besides(extract: SyncParts['extract']): SyncParts['extract'] {
    return (request, options) => {
      const source = this.get(request.source.name);
      return source === null ? extract(request, options) : reportPushed(source, request, options);
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.list().map((source) => source.close()));
    await this.rebuilding;
  }

  private async open(name: string): Promise<void> {
    const { config, secretsOf, log, state } = this.parts;
    const source = config.sources.get(name)!;
    const connector = await loadConnector(source.type);
    if (connector.receive === undefined) return;
    const taken = await registerTables(state, name, connector, connector.settings.parse(source.settings));
    if (taken.length > 0) log.error({ source: name, tables: taken }, takenNames);
    const { dataDirectory, duckdb, limits } = config;
    const started = await PushedSource.start(
      { dataDirectory, source, secrets: secretsOf(source), duckdb, limits },
      {
        onPublished: () => this.rebuildSoon(),
        note: (message) => log.warn({ source: name }, message),
      },
    );
    this.sources.set(name, started);
  }

  /** A burst of publications leads to one rebuild at a time and one more at its end. */
  private rebuildSoon(): void {
    if (this.closed) return;
    if (this.rebuilding !== null) {
      this.again = true;
      return;
    }
    this.rebuilding = this.parts
      .rebuild()
      .catch((err: unknown) => this.parts.log.error({ err }, 'the rebuild after a publication failed'))
      .finally(() => {
        this.rebuilding = null;
        if (this.again) {
          this.again = false;
          this.rebuildSoon();
        }
      });
  }
}

/** Adds what is not registered yet; what an administrator changed stays as it is. Returns the names that belong to other sources. */
async function registerTables(
  state: SystemState,
  source: string,
  connector: Connector,
  settings: unknown,
): Promise<string[]> {
  const taken: string[] = [];
  await state.write(async (session) => {
    for (const { id, description, primary_key } of pushedTables(connector.receive!, settings)) {
      const known = await findTable(session, id);
      if (known !== null) {
        if (known.source_name !== source) taken.push(id);
        continue;
      }
      await insertTable(session, {
        id,
        name: id,
        source_type: connector.type,
        source_name: source,
        bucket: null,
        source_table: id,
        sync_strategy: 'full_refresh',
        query_mode: 'local',
        sync_schedule: null,
        profile_after_sync: false,
        primary_key,
        description,
        options: {},
        registered_by: null,
        registered_at: new Date().toISOString(),
      });
    }
  });
  return taken;
}

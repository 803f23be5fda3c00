/** DuckDB's BigQuery extension as a second engine: probed and loaded when a table first wants it, with the reason at hand when it cannot be. Nothing is ever downloaded. */
import { explainProbe, probeExtension } from '../../../duckdb/probe-extension.ts';
import { identifier, literal } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import { AttacheError } from '../../../errors/attache-error.ts';
import { redact } from '../../../errors/redact.ts';
import type { RunContext } from '../../read-way.ts';
import type { TableRequest } from '../../table-request.ts';
import type { RestClient } from '../rest-client.ts';
import { payerOf, type Settings } from '../settings.ts';
import type { TableName } from '../table-name.ts';

const secretName = 'da_bigquery_secret';

/** The extension, loaded. */
export interface Engine {
  /** The relation of a stored table, for the session that will scan it; the token in it is fresh. */
  relation(session: Session, table: TableName): Promise<string>;
  /** The table was read by the extension in vain: it is planned natively from now on, and people are told why. Returns the reason. */
  giveUp(table: TableRequest, reason: string): string;
}

/** Chooses for each table of a run. */
export class Engines {
  private readonly context: RunContext<Settings>;
  private readonly rest: Pick<RestClient, 'accessToken'>;
  private readonly native = new Set<string>();
  private opened: Promise<Engine | null> | null = null;
  /** What must not stand in a message. */
  private token = '';

  constructor(context: RunContext<Settings>, rest: Pick<RestClient, 'accessToken'>) {
    this.context = context;
    this.rest = rest;
  }

  /** The extension for this table, or null for the native way; throws where the settings insist on an extension that is not there. */
  async choose(table: TableRequest): Promise<Engine | null> {
    const { driver } = this.context.settings;
    if (driver === 'native' || this.native.has(table.id)) return null;
    // Most operators supply no extension; what never was to be there needs no sentence in every run.
    if (driver === 'auto' && this.context.extensionDirectories.length === 0) return null;
    this.opened ??= this.open();
    return this.opened;
  }

  private async open(): Promise<Engine | null> {
    const { settings, extensionDirectories, note } = this.context;
    const probe = await probeExtension('bigquery', extensionDirectories);
    const obstacle =
      probe.status === 'available'
        ? (endpointObstacle(settings) ?? (await this.load(probe.path!)))
        : explainProbe(probe);
    if (obstacle === null) {
      note(`Engine: the BigQuery extension at ${probe.path}; native where it would not be exact.`);
      return {
        relation: (session, table) => this.relation(session, table),
        giveUp: (table, reason) => this.giveUp(table, reason),
      };
    }
    if (settings.driver === 'extension') throw notThere(obstacle);
    note(`Engine: native. The BigQuery extension cannot be used: ${withoutStop(obstacle)}.`);
    return null;
  }

  /** Why the file cannot be loaded, or null once it is. */
  private async load(path: string): Promise<string | null> {
    try {
      const session = await this.context.session();
      await session.run(`LOAD ${literal(path)}`);
      return null;
    } catch (thrown) {
      return `DuckDB does not load ${path}: ${firstLine(thrown)}`;
    }
  }

  /** The token stands in a secret of this process, not in a statement; a token lives an hour, so each scan brings its own. */
  private async relation(session: Session, table: TableName): Promise<string> {
    this.token = await this.rest.accessToken();
    await session.run(
      `CREATE OR REPLACE TEMPORARY SECRET ${identifier(secretName)} (TYPE bigquery, SCOPE ${literal(`bq://${table.project}`)}, ACCESS_TOKEN $1)`,
      [this.token],
    );
    return scanRelation(table, payerOf(this.context.settings));
  }

  private giveUp(table: TableRequest, reason: string): string {
    const said = redact(firstLine(reason), [this.token]);
    if (!this.native.has(table.id)) this.context.note(`${table.id} is read natively: ${said}`);
    this.native.add(table.id);
    return said;
  }
}

/** The extension's own scan by Storage Read, without a job. */
export function scanRelation({ project, dataset, table }: TableName, payer: string): string {
  return `bigquery_scan(${literal(`${project}.${dataset}.${table}`)}, billing_project := ${literal(payer)})`;
}

/** With another address the extension reads another form of Arrow, meant for emulators. */
function endpointObstacle({ api_endpoint, storage_endpoint }: Settings): string | null {
  return api_endpoint === undefined && storage_endpoint === undefined
    ? null
    : 'it reads exactly from Google’s own addresses alone, and the source names others (api_endpoint, storage_endpoint)';
}

function notThere(obstacle: string): AttacheError {
  return new AttacheError('unsupported', {
    message: `driver: extension needs DuckDB’s BigQuery extension, which cannot be used: ${withoutStop(obstacle)}.`,
    hint: 'Put it there on a connected machine with `da extensions install`, or set driver: auto or native: the native way brings the same rows and needs no extension.',
  });
}

const withoutStop = (text: string) => text.replace(/\.$/, '');

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).trim().split('\n')[0] ?? '';
}

/** The extension as a second engine: opened when a table wants it, with the reason at hand when it cannot be. */
import { explainProbe, probeExtension } from '../../../duckdb/probe-extension.ts';
import { identifier } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import { AttacheError } from '../../../errors/attache-error.ts';
import type { RunContext } from '../../read-way.ts';
import type { TableRequest } from '../../table-request.ts';
import type { Server } from '../connect.ts';
import type { Driver, Settings } from '../settings.ts';
import type { Snapshot } from '../snapshot.ts';
import { alias, attachDatabase, tlsObstacle, withoutSecret } from './attach.ts';
import { unfitMark } from './extension-columns.ts';

/** What a plan needs of the extension. */
export interface Engine {
  /** The table was read by the extension in vain: it is planned natively from now on, and people are told why. */
  giveUp(table: TableRequest, thrown: unknown): string;
}

/** The attached extension, or why there is none and whether that may pass. */
type Opened = { session: Session } | { obstacle: string; mayPass: boolean };

/** Chooses for each table of a run. */
export class Engines {
  private readonly context: RunContext<Settings>;
  private readonly server: Server;
  private readonly snapshot: Snapshot;
  private readonly native = new Set<string>();
  private opened: Promise<Opened> | null = null;
  private toldOfObstacle = false;

  constructor(context: RunContext<Settings>, server: Server, snapshot: Snapshot) {
    this.context = context;
    this.server = server;
    this.snapshot = snapshot;
  }

  /** The extension for this table, or null for the native way; throws where the settings insist on an extension that cannot be used. */
  async choose(table: TableRequest): Promise<Engine | null> {
    const driver = (table.options.driver as Driver | undefined) ?? this.context.settings.driver;
    if (driver === 'native' || this.native.has(table.id)) return null;
    // Most operators supply no extension; what never was to be there needs no sentence in every run.
    if (driver === 'auto' && this.context.extensionDirectories.length === 0) return null;
    this.opened ??= this.open();
    const opened = await this.opened;
    if ('session' in opened) return { giveUp: (failed, thrown) => this.giveUp(failed, thrown) };
    if (driver === 'extension') throw notUsable(table, opened);
    if (!this.toldOfObstacle)
      this.context.note(`Engine: native. The Postgres extension cannot be used: ${opened.obstacle}.`);
    this.toldOfObstacle = true;
    return null;
  }

  private giveUp(table: TableRequest, thrown: unknown): string {
    const said = withoutSecret(thrown, this.server);
    const reason = said.includes(unfitMark)
      ? 'it holds NaN or an instant beyond 64 bits, which the extension would change'
      : said;
    if (!this.native.has(table.id)) {
      this.native.add(table.id);
      this.context.note(`${table.id} is read natively: ${reason}`);
    }
    return reason;
  }

  private async open(): Promise<Opened> {
    const { note, extensionDirectories, scratch } = this.context;
    const probe = await probeExtension('postgres', extensionDirectories);
    const obstacle = probe.status === 'available' ? await this.obstacle() : explainProbe(probe).replace(/\.$/, '');
    if (obstacle !== null) return { obstacle, mayPass: false };
    try {
      const session = await this.context.session();
      await attachDatabase(session, probe.path!, this.server, this.snapshot.readOnlySession, scratch);
      note(`Engine: the Postgres extension at ${probe.path}; native where it would not be exact.`);
      return { session };
    } catch (thrown) {
      return { obstacle: (thrown as Error).message.replace(/\.$/, ''), mayPass: true };
    }
  }

  private async obstacle(): Promise<string | null> {
    if (this.snapshot.name === null) return 'the server shares no snapshot, and its tables would be of another instant';
    const [row] = await this.snapshot.ask<{ encoding: string }>(
      "SELECT current_setting('server_encoding') AS encoding",
    );
    // Nobody would see bytes that are no text.
    if (row?.encoding === 'SQL_ASCII')
      return 'the database has no encoding (SQL_ASCII), and the extension does not check text';
    return tlsObstacle(this.server);
  }

  async close(): Promise<void> {
    const opened = await this.opened;
    if (opened !== null && 'session' in opened) await opened.session.run(`DETACH ${identifier(alias)}`);
  }
}

function notUsable({ id }: TableRequest, { obstacle, mayPass }: Exclude<Opened, { session: Session }>): AttacheError {
  return new AttacheError('unsupported', {
    message: `${id} is to be read by DuckDB’s Postgres extension (driver: extension), which cannot be used: ${obstacle}.`,
    hint: 'The table keeps its data. Put the extension there with `da extensions install postgres`, or set driver: auto or native: the native way brings the same tables and needs no extension.',
    retryable: mayPass,
  });
}

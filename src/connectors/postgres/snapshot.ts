/** One look at the database for a whole run: a connection that holds a snapshot, and others that read under it. */
import { AttacheError } from '../../errors/attache-error.ts';
import { beginStatements, type Connection, type Server } from './connect.ts';
import type { Query } from './describe-table.ts';
import { explainError } from './explain-error.ts';

const tooManyConnections = '53300';

export interface Snapshot {
  server: Connection['server'];
  readOnlySession: boolean;
  /** Others can import it by this name; null when the server does not share it. */
  readonly name: string | null;
  /** Asks the catalogue, or about values, inside the snapshot. Questions wait for each other. */
  ask: Query;
  /** Lends a connection whose transaction sees the snapshot; waits until one is free. */
  lend(): Promise<Loan>;
  /** Makes room for one connection that somebody else opens, within the same number; the answer gives it back. */
  takeSeat(): Promise<() => void>;
  close(): Promise<void>;
}

/** Given back once: `intact` when its transaction goes on and its stream stands between statements. */
export interface Loan {
  connection: Connection;
  giveBack(intact: boolean): void;
}

/** `note` hears when the tables of the run cannot share one snapshot. */
export async function takeSnapshot(server: Server, note: (message: string) => void): Promise<Snapshot> {
  const holder = await server.open(true);
  try {
    await begin(server, holder, null);
    const name = await exportSnapshot(holder, note);
    return new HeldSnapshot(server, holder, name);
  } catch (thrown) {
    await holder.close();
    throw explainError(thrown, 'taking a snapshot');
  }
}

/** One message for all: far servers take their time for each. */
async function begin(server: Server, connection: Connection, snapshot: string | null): Promise<void> {
  await connection.client.query(beginStatements(server.settings, connection.server, snapshot).join('; '));
}

/** A failed statement would end the transaction, hence the savepoint. */
async function exportSnapshot(holder: Connection, note: (message: string) => void): Promise<string | null> {
  try {
    const [row] = await holder.rows<{ name: string }>('SELECT pg_export_snapshot() AS name');
    return row?.name ?? null;
  } catch (thrown) {
    await holder.client.query('ROLLBACK');
    await holder.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    note(
      `Each table is read under a snapshot of its own, because the server does not share one: ${(thrown as Error).message}`,
    );
    return null;
  }
}

class HeldSnapshot implements Snapshot {
  private readonly source: Server;
  private readonly holder: Connection;
  readonly name: string | null;
  private readonly idle: Connection[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly all = new Set<Connection>();
  private opened = 0;
  private most: number;
  private questions: Promise<unknown> = Promise.resolve();

  constructor(source: Server, holder: Connection, name: string | null) {
    this.source = source;
    this.holder = holder;
    this.name = name;
    this.most = source.settings.connections;
    source.signal.addEventListener('abort', () => this.wakeAll(), { once: true });
  }

  get server(): Connection['server'] {
    return this.holder.server;
  }

  get readOnlySession(): boolean {
    return this.holder.readOnlySession;
  }

  readonly ask: Query = <Row>(sql: string) => {
    const answer = this.questions.then(() => this.question<Row>(sql));
    this.questions = answer.catch(() => {});
    return answer;
  };

  /** A question that fails must not end the transaction that holds the snapshot. */
  private async question<Row>(sql: string): Promise<Row[]> {
    const { client } = this.holder;
    try {
      const answers = await client.query(`SAVEPOINT question; ${sql}; RELEASE question`);
      return (answers as unknown as { rows: Row[] }[])[1]!.rows;
    } catch (thrown) {
      await client.query('ROLLBACK TO question').catch(() => {});
      throw thrown;
    }
  }

  async lend(): Promise<Loan> {
    const connection = await this.borrow();
    let lent = true;
    const giveBack = (intact: boolean) => {
      if (!lent) return;
      lent = false;
      if (intact) this.idle.push(connection);
      else this.discard(connection);
      this.waiting.shift()?.();
    };
    return { connection, giveBack };
  }

  async takeSeat(): Promise<() => void> {
    for (;;) {
      this.source.signal.throwIfAborted();
      const idle = this.idle.pop();
      if (idle !== undefined) this.discard(idle);
      if (this.opened < this.most) break;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.opened += 1;
    return () => {
      this.opened -= 1;
      this.waiting.shift()?.();
    };
  }

  private discard(connection: Connection): void {
    this.all.delete(connection);
    this.opened -= 1;
    void connection.close();
  }

  private async borrow(): Promise<Connection> {
    for (;;) {
      this.source.signal.throwIfAborted();
      const free = this.idle.pop();
      if (free !== undefined) return free;
      if (this.opened < this.most) {
        const fresh = await this.openWorker();
        if (fresh !== null) return fresh;
      } else {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      }
    }
  }

  /** Null when the server has no room for one more and others will become free. */
  private async openWorker(): Promise<Connection | null> {
    this.opened += 1;
    let connection: Connection;
    try {
      connection = await this.source.open(this.opened === 1);
    } catch (thrown) {
      this.opened -= 1;
      if (this.opened === 0 || !isCrowded(thrown)) throw thrown;
      this.most = this.opened;
      return null;
    }
    this.all.add(connection);
    try {
      await begin(this.source, connection, this.name);
      return connection;
    } catch (thrown) {
      this.discard(connection);
      throw explainError(thrown, 'opening a connection under the run’s snapshot');
    }
  }

  /** Whoever waits finds out that the run is over. */
  private wakeAll(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  async close(): Promise<void> {
    await Promise.all([...this.all, this.holder].map((connection) => connection.close()));
  }
}

function isCrowded(thrown: unknown): boolean {
  const code = (error: unknown) => (error as { code?: string } | null)?.code;
  return (
    code(thrown) === tooManyConnections || (thrown instanceof AttacheError && code(thrown.cause) === tooManyConnections)
  );
}

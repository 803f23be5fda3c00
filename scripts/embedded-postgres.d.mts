export interface RunningPostgres {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** `postgres://user:password@127.0.0.1:port/postgres` */
  url: string;
  /** The server's folder: `data/` and `socket/`. Gone after `stop`. */
  directory: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Default `postgres`; a superuser. */
  user?: string;
  /** Default: random. */
  password?: string;
  /** Server settings by name, e.g. `{max_connections: '20'}`. */
  settings?: Record<string, string>;
  /** Files to place in the data folder before the start, e.g. a certificate. */
  files?: Record<string, string>;
}

/** Starts a PostgreSQL of its own on a free port of 127.0.0.1. It ends with `stop`, or with the process that started it. */
export function startPostgres(options?: PostgresOptions): Promise<RunningPostgres>;

/** Opens connections that cannot write, are pinned to one way of printing values, and end when the run is cancelled. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { literal } from '../../duckdb/quote.ts';
import type { AttacheError } from '../../errors/attache-error.ts';
import type { SourceContext } from '../source-context.ts';
import { type Address, parseAddress } from './address.ts';
import { cancelBackend } from './cancel-backend.ts';
import { explainError } from './explain-error.ts';
import { recyclingSocket } from './recycling-socket.ts';
import type { Settings, TlsMode } from './settings.ts';
import { tlsMode, tlsOptions } from './tls.ts';

const tooManyConnections = '53300';
const waitsForRoom = [1_000, 2_000, 4_000];

/** Where and how to connect, worked out once for a run. */
export interface Server {
  address: Address;
  tls: TlsMode;
  settings: Settings;
  signal: AbortSignal;
  /** `patient`: waits a little when the server has no room for one more. */
  open(patient: boolean): Promise<Connection>;
}

/** What the answers depend on. */
export interface ServerFacts {
  /** Major version, e.g. 18. */
  version: number;
  /** The server can notice by itself that nobody listens any more. */
  watchesClients: boolean;
}

/** A connection in no transaction. */
export interface Connection {
  client: pg.Client;
  /** The session itself refuses to write; false behind a pooler that does not pass session settings on. */
  readOnlySession: boolean;
  server: ServerFacts;
  rows<Row>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

export function serverOf({ settings, secret, signal }: SourceContext<Settings>): Server {
  const address = parseAddress(settings.url ?? secret(settings.url_env!));
  const tls = tlsMode(address, settings);
  const target = { address, tls, settings, signal };
  return { ...target, open: (patient) => openWhenThereIsRoom(target, patient ? waitsForRoom : []) };
}

type Target = Omit<Server, 'open'>;

async function openWhenThereIsRoom(target: Target, waits: readonly number[]): Promise<Connection> {
  for (const wait of waits) {
    try {
      return await openReadOnly(target);
    } catch (thrown) {
      if (sqlState(thrown) !== tooManyConnections) throw explained(target.address, thrown);
      await sleep(wait, undefined, { signal: target.signal });
    }
  }
  return openReadOnly(target).catch((thrown: unknown) => {
    throw explained(target.address, thrown);
  });
}

function explained({ host, port, user, database }: Address, thrown: unknown): AttacheError {
  return explainError(thrown, `connecting to ${host}:${port}, database ${database}, as ${user}`);
}

function sqlState(thrown: unknown): string | undefined {
  return (thrown as { code?: string }).code;
}

/** A pooler may refuse session settings at start; then the read-only transaction stands alone. */
async function openReadOnly(target: Target): Promise<Connection> {
  const readOnly = '-c default_transaction_read_only=on';
  try {
    return await open(target, [target.address.options, readOnly].filter(Boolean).join(' '), true);
  } catch (thrown) {
    const refused = /unsupported startup parameter|startup parameter.*options/i.test((thrown as Error).message ?? '');
    if (!refused) throw thrown;
    return await open(target, target.address.options ?? undefined, false);
  }
}

async function open(target: Target, options: string | undefined, readOnlySession: boolean): Promise<Connection> {
  const { address, signal } = target;
  signal.throwIfAborted();
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password ?? '',
    database: address.database,
    ssl: await tlsOptions(target.tls, target.settings.ca),
    ...(target.tls === 'disable' ? { stream: recyclingSocket } : {}),
    options,
    application_name: 'data-attache',
    fallback_application_name: 'data-attache',
    keepAlive: true,
    connectionTimeoutMillis: address.connectTimeoutSeconds * 1_000,
    enableChannelBinding: address.channelBinding,
    client_encoding: 'UTF8',
  } as pg.ClientConfig);
  // Each failure reaches its statement; without a listener the same event would end the process.
  client.on('error', () => {});
  const cancel = () => {
    cancelBackend(address, client);
    void client.end().catch(() => {});
    streamOf(client).destroy();
  };
  signal.addEventListener('abort', cancel, { once: true });
  const close = async () => {
    signal.removeEventListener('abort', cancel);
    await client.end().catch(() => {});
  };
  try {
    await client.connect();
    const server = await serverFacts(client);
    return { client, readOnlySession, server, rows: (sql) => rowsOf(client, sql), close };
  } catch (thrown) {
    signal.removeEventListener('abort', cancel);
    streamOf(client).destroy();
    throw thrown;
  }
}

async function serverFacts(client: pg.Client): Promise<ServerFacts> {
  const [row] = await rowsOf<{ number: number; build: string }>(
    client,
    "SELECT current_setting('server_version_num')::int AS number, version() AS build",
  );
  const version = Math.floor((row?.number ?? 0) / 10_000);
  return { version, watchesClients: version >= 14 && /linux/i.test(row?.build ?? '') };
}

async function rowsOf<Row>(client: pg.Client, sql: string): Promise<Row[]> {
  return (await client.query(sql)).rows as Row[];
}

/** The socket, or the TLS stream over it. */
export function streamOf(client: pg.Client): import('node:net').Socket {
  return (client as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream;
}

/** Settings that make a transaction read only what it should, print every value in one exact way, and end when nobody listens. Local to the transaction, so that a pooler's next client never sees them. */
export function beginStatements(
  settings: Settings,
  { version, watchesClients }: ServerFacts,
  snapshot: string | null,
): string[] {
  return [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...(snapshot === null ? [] : [`SET TRANSACTION SNAPSHOT ${literal(snapshot)}`]),
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    'SET LOCAL extra_float_digits = 1',
    "SET LOCAL xmlbinary = 'base64'",
    'SET LOCAL standard_conforming_strings = on',
    "SET LOCAL client_encoding = 'UTF8'",
    // Rows come in the order in which they lie, in one stream: the same rows give the same bytes.
    'SET LOCAL synchronize_seqscans = off',
    'SET LOCAL max_parallel_workers_per_gather = 0',
    'SET LOCAL jit = off',
    'SET LOCAL row_security = on',
    `SET LOCAL lock_timeout = ${settings.lock_timeout_seconds * 1_000}`,
    `SET LOCAL statement_timeout = ${settings.statement_timeout_seconds * 1_000}`,
    'SET LOCAL idle_in_transaction_session_timeout = 0',
    ...(watchesClients ? ['SET LOCAL client_connection_check_interval = 5000'] : []),
    ...(version >= 17 ? ['SET LOCAL transaction_timeout = 0'] : []),
  ];
}

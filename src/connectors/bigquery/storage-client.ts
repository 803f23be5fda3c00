/** The Storage Read API by the official client: sessions over a table at one moment, and their streams. */
import { BigQueryReadClient } from '@google-cloud/bigquery-storage';
import { type Client, credentials } from '@grpc/grpc-js';
import { PlanAgain } from '../plan-again.ts';
import type { SourceContext } from '../source-context.ts';
import { identityOf, nobody } from './credentials.ts';
import { storageAddress } from './endpoint.ts';
import { explainError, type RestFault, storageFault } from './explain-error.ts';
import { pause, withinTime } from './patience.ts';
import { readRows } from './read-rows.ts';
import { payerOf, type Settings } from './settings.ts';
import { dotted, type TableName } from './table-name.ts';

interface SessionRequest {
  table: TableName;
  /** Columns in the order in which they are wanted; the service keeps its own. */
  columns: readonly string[];
  /** GoogleSQL of a WHERE, or empty. */
  restriction: string;
  /** Microseconds since 1970; null for now. */
  at: bigint | null;
  streams: number;
}

export interface StorageSession {
  /** Arrow’s schema message; each batch needs it in front. */
  schema: Uint8Array;
  streams: string[];
  estimatedBytes: number;
  estimatedRows: number;
}

export interface Storage {
  /** Null where we may not use it: said once, and never asked again. */
  openSession(request: SessionRequest): Promise<StorageSession | null>;
  /** The messages of a stream from a row on; a call that breaks is made again from where it broke. Throws `PlanAgain` where sessions may be opened but not read. */
  readStream(stream: string, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** Whether a session over a table may be opened. */
  mayRead(table: TableName): Promise<boolean>;
  close(): Promise<void>;
}

const attempts = 5;
const firstPauseMs = 250;

export function openStorage(
  context: Pick<SourceContext<Settings>, 'settings' | 'secret' | 'signal'> & { note?: (message: string) => void },
): Storage {
  const { settings, signal: runSignal } = context;
  const silenceMs = settings.stall_timeout_seconds * 1000;
  let client: BigQueryReadClient | null = null;
  let denied = settings.storage_read === 'never';
  const connected = () => {
    client ??= connect(context);
    return client;
  };
  /** Connections that fell silent; other streams may still read from them. */
  const silent: BigQueryReadClient[] = [];
  const reconnect = () => {
    if (client !== null) silent.push(client);
    client = null;
  };
  const deny = (message: string) => {
    if (!denied) context.note?.(withoutStorage(settings, message));
    denied = true;
  };
  /** Makes a call until it succeeds or must not be made again. */
  const patiently = async <T>(doing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (thrown) {
        signal.throwIfAborted();
        const fault = storageFault(thrown);
        if (!mayTryAgain(fault, attempt)) throw explainError(fault, doing, settings);
        await pause(firstPauseMs * 2 ** attempt, signal);
        if (fault.reason === 'silence') reconnect();
      }
    }
  };
  const session = (request: SessionRequest) =>
    patiently(`opening a read session over ${dotted(request.table)}`, runSignal, async () => {
      const [opened] = await withinTime(
        connected().createReadSession(sessionBody(settings, request), { retry: null, timeout: silenceMs }),
        silenceMs,
        runSignal,
      );
      return {
        schema: opened.arrowSchema?.serializedSchema as Uint8Array,
        streams: (opened.streams ?? []).map((stream) => stream.name ?? ''),
        estimatedBytes: Number(opened.estimatedTotalBytesScanned ?? 0),
        estimatedRows: Number(opened.estimatedRowCount ?? 0),
      };
    });
  return {
    openSession: async (request) => {
      if (denied) return null;
      try {
        return await session(request);
      } catch (thrown) {
        if (!isDenied(thrown)) throw thrown;
        deny((thrown as Error).message);
        return null;
      }
    },
    readStream: async function* (stream, signal) {
      let offset = 0;
      for (let failures = 0; ; ) {
        try {
          const stub = (await withinTime(connected().initialize(), silenceMs, signal)) as unknown as Client;
          for await (const { rows, batch } of readRows(stub, stream, offset, (work) =>
            withinTime(work, silenceMs, signal),
          )) {
            failures = 0;
            offset += rows;
            if (batch.length > 0) yield batch;
          }
          return;
        } catch (thrown) {
          signal.throwIfAborted();
          failures += 1;
          const fault = storageFault(thrown);
          if (!mayTryAgain(fault, failures)) {
            const failure = explainError(fault, 'reading a stream', settings);
            if (!isDenied(failure)) throw failure;
            deny(failure.message);
            throw new PlanAgain(failure.message, { cause: failure });
          }
          if (fault.reason === 'silence') reconnect();
          await pause(firstPauseMs * 2 ** failures, signal);
        }
      }
    },
    mayRead: async (table) => {
      if (denied) return false;
      try {
        await session({ table, columns: [], restriction: '', at: null, streams: 1 });
        return true;
      } catch (thrown) {
        if (isDenied(thrown)) return false;
        throw thrown;
      }
    },
    close: async () => {
      reconnect();
      await Promise.all(silent.splice(0).map((each) => each.close().catch(() => {})));
    },
  };
}

/** A silence has cost its whole time already: once more is enough. */
function mayTryAgain(fault: RestFault, attempt: number): boolean {
  return fault.transient && attempt < (fault.reason === 'silence' ? 2 : attempts);
}

/** What may be under way on a connection and on each of its streams. The usual 64 kB allow 64 kB for each round trip, whatever the line could carry. */
const windowBytes = 4 << 20;

function connect(context: Pick<SourceContext<Settings>, 'settings' | 'secret'>): BigQueryReadClient {
  const { settings } = context;
  const common = { projectId: payerOf(settings), 'grpc-node.flow_control_window': windowBytes };
  if (settings.storage_endpoint === undefined) return new BigQueryReadClient({ ...common, ...identityOf(context) });
  const { host, port, plaintext } = storageAddress(settings.storage_endpoint);
  return new BigQueryReadClient({
    ...common,
    apiEndpoint: host,
    port,
    // An insecure channel takes no credentials at all.
    ...(plaintext ? { sslCreds: credentials.createInsecure(), authClient: nobody } : identityOf(context)),
  });
}

function sessionBody(settings: Settings, { table, columns, restriction, at, streams }: SessionRequest) {
  return {
    parent: `projects/${payerOf(settings)}`,
    maxStreamCount: streams,
    readSession: {
      table: `projects/${table.project}/datasets/${table.dataset}/tables/${table.table}`,
      dataFormat: 'ARROW' as const,
      readOptions: { selectedFields: [...columns], rowRestriction: restriction },
      ...(at === null
        ? {}
        : {
            tableModifiers: {
              snapshotTime: { seconds: Number(at / 1_000_000n), nanos: Number(at % 1_000_000n) * 1_000 },
            },
          }),
    },
  };
}

function isDenied(thrown: unknown): boolean {
  return (thrown as { code?: string }).code === 'source_forbidden';
}

function withoutStorage(settings: Settings, message: string): string {
  return `The Storage Read API may not be used, so tables are read by queries, which cost more: grant roles/bigquery.readSessionUser on ${payerOf(settings)}, or set storage_read: never. ${message}`;
}

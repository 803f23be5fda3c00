/** The Storage Read API by the official client: sessions over a table at one moment, and their streams. */
import { BigQueryReadClient, type protos } from '@google-cloud/bigquery-storage';
import { credentials } from '@grpc/grpc-js';
import type { SourceContext } from '../connector.ts';
import { PlanAgain } from '../plan-again.ts';
import { identityOf, nobody } from './credentials.ts';
import { storageAddress } from './endpoint.ts';
import { explainError, type RestFault, storageFault } from './explain-error.ts';
import { pause, withinTime } from './patience.ts';
import { payerOf, type Settings } from './settings.ts';
import { dotted, type TableName } from './table-name.ts';

type Answer = protos.google.cloud.bigquery.storage.v1.IReadRowsResponse;

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
  readStream(stream: string, signal: AbortSignal): AsyncGenerator<{ batch: Uint8Array; bytes: number }>;
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
      let failures = 0;
      let done = false;
      while (!done) {
        const call = connected().readRows({ readStream: stream, offset }, withoutRetries);
        const answers = (call as AsyncIterable<Answer>)[Symbol.asyncIterator]();
        try {
          for (;;) {
            const next = await withinTime(answers.next(), silenceMs, signal);
            if (next.done) break;
            failures = 0;
            offset += Number(next.value.rowCount ?? 0);
            const batch = next.value.arrowRecordBatch?.serializedRecordBatch as Uint8Array | undefined;
            if (batch !== undefined && batch.length > 0) yield { batch, bytes: batch.length };
          }
          done = true;
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
        } finally {
          // Also when the reader has had enough: an open call would hold the connection.
          if (!done) (call as { cancel(): void }).cancel();
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

/** The client’s own patience would repeat a stream from its first row, or wait seconds for nothing. */
const withoutRetries = { retryRequestOptions: { noResponseRetries: 0, retries: 0 } };

function connect(context: Pick<SourceContext<Settings>, 'settings' | 'secret'>): BigQueryReadClient {
  const { settings } = context;
  if (settings.storage_endpoint === undefined)
    return new BigQueryReadClient({ projectId: payerOf(settings), ...identityOf(context) });
  const { host, port, plaintext } = storageAddress(settings.storage_endpoint);
  return new BigQueryReadClient({
    projectId: payerOf(settings),
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

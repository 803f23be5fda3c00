/** The Storage Read API: sessions over a table at one moment, and their streams. */
import { PlanAgain } from '../plan-again.ts';
import type { SourceContext } from '../source-context.ts';
import { explainError, isForbidden, type RestFault, storageFault } from './explain-error.ts';
import { pause, withinTime } from './patience.ts';
import { ReadRoom } from './read-room.ts';
import { readRows } from './read-rows.ts';
import { createReadSession, pathOf, type SessionRequest, type StorageSession } from './read-session.ts';
import { payerOf, type Settings } from './settings.ts';
import { connect, type StorageConnection } from './storage-connection.ts';
import { dotted, type TableName } from './table-name.ts';

export interface Storage {
  /** Null where we may not use it: said once, and never asked again. */
  openSession(request: SessionRequest): Promise<StorageSession | null>;
  /** The messages of a stream from a row on; a call that breaks is made again from where it broke. Throws `PlanAgain` where the session cannot be read to its end. */
  readStream(stream: string, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** Whether sessions may be opened, tried with a table; null where that table may not be read. */
  mayRead(table: TableName): Promise<boolean | null>;
  close(): Promise<void>;
}

const attempts = 5;
const firstPauseMs = 250;

export function openStorage(
  context: Pick<SourceContext<Settings>, 'settings' | 'secret' | 'signal'> & { note?: (message: string) => void },
): Storage {
  const { settings, signal: runSignal } = context;
  const silenceMs = settings.stall_timeout_seconds * 1000;
  let connection: StorageConnection | null = null;
  let denied = settings.storage_read === 'never';
  const connected = () => {
    connection ??= connect(context);
    return connection;
  };
  const room = new ReadRoom();
  /** Connections that fell silent; other streams may still read from them. */
  const silent: StorageConnection[] = [];
  const reconnect = () => {
    if (connection !== null) silent.push(connection);
    connection = null;
  };
  const deny = (message: string) => {
    if (!denied) context.note?.(withoutStorage(settings, message));
    denied = true;
  };
  const givenUp = new Set<string>();
  /** Said once for all streams of a session. */
  const giveUp = (stream: string, message: string) => {
    const session = stream.replace(/\/streams\/[^/]*$/, '');
    if (!givenUp.has(session))
      context.note?.(`A read session is given up, and its rows are read by a fresh one: ${message}`);
    givenUp.add(session);
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
    patiently(`opening a read session over ${dotted(request.table)}`, runSignal, () =>
      withinTime(openSession(connected(), request), silenceMs, runSignal),
    );
  const openSession = async ({ client, metadata }: StorageConnection, request: SessionRequest) => {
    const routed = await metadata('read_session.table', pathOf(request.table));
    return createReadSession(client, routed, payerOf(settings), request, silenceMs);
  };
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
          const { client, metadata } = connected();
          const routed = await withinTime(metadata('read_stream', stream), silenceMs, signal);
          const place = room.stream();
          const within = <T>(work: Promise<T>) => withinTime(work, silenceMs, signal, () => place.askedAt());
          for await (const { rows, batch } of readRows(client, routed, { stream, offset }, place, within)) {
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
            if (isDenied(failure)) deny(failure.message);
            else if (needsFreshSession.has(fault.reason)) giveUp(stream, failure.message);
            else throw failure;
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
        if (!isForbidden(thrown)) throw thrown;
        return isDenied(thrown) ? false : null;
      }
    },
    close: async () => {
      reconnect();
      for (const each of silent.splice(0)) each.close();
    },
  };
}

/** What is wrong with a session may be right with another one over the same table at the same moment. */
const needsFreshSession = new Set(['sessionExpired', 'notFound', 'silence']);

/** A silence has cost its whole time already: once more is enough. */
function mayTryAgain(fault: RestFault, attempt: number): boolean {
  return fault.transient && attempt < (fault.reason === 'silence' ? 2 : attempts);
}

/** Whether it is the Storage Read API that may not be used, and not this one table that may not be read. The service tells by words alone. */
function isDenied(thrown: unknown): boolean {
  return isForbidden(thrown) && !/bigquery\.tables\./.test((thrown as Error).message);
}

function withoutStorage(settings: Settings, message: string): string {
  return `The Storage Read API may not be used, so tables are read by queries, which cost more: grant roles/bigquery.readSessionUser on ${payerOf(settings)}, or set storage_read: never. ${message}`;
}

/** Messages of Arrow's IPC format: a mark, the length of what describes the message, that, and the bytes it describes. Source: Columnar.rst and Message.fbs of apache/arrow. Pure. */
import { AttacheError } from '../../../errors/attache-error.ts';
import { FlatTable } from './flat-table.ts';

const continuation = 0xffffffff;
const messageFields = { kind: 1, header: 2 } as const;

/** What `read` makes of a message's header, which must be of the kind with this number, and of the bytes behind it. Whatever ends too early is an error that says so. */
export function readMessage<T>(message: Uint8Array, kind: number, read: (header: FlatTable, body: Uint8Array) => T): T {
  try {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    if (view.getUint32(0, true) !== continuation) throw broken('it does not begin as one');
    const length = view.getInt32(4, true);
    if (length > message.length - 8) throw broken('it was cut off');
    const root = FlatTable.root(message.subarray(8, 8 + length));
    const header = root.table(messageFields.header);
    if (header === null || root.byte(messageFields.kind, 0) !== kind) throw broken('it is another message');
    return read(header, message.subarray(8 + length));
  } catch (thrown) {
    throw thrown instanceof RangeError ? broken('it was cut off') : thrown;
  }
}

export function broken(how: string): AttacheError {
  return new AttacheError('source_failed', {
    message: `BigQuery sent a message of Arrow that cannot be read: ${how}.`,
    hint: 'The table keeps its data. Sync it again.',
    retryable: true,
  });
}

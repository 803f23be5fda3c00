/** Takes the bytes of a socket without a fresh buffer for every read: collecting those as garbage costs a third of what it takes to move them. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

const slots = 6;
const slotBytes = 256 << 10;

/** Chunks that may be in work before the sender must wait: the next one is read into a slot of its own. */
export const mostChunksInWork = slots - 1;

type Take = (chunk: Buffer) => void;

/** Who takes the chunks of a socket as they lie in its slots. */
const takers = new WeakMap<Socket, Take | null>();

/** A socket that reads into a few slots in turn; listeners of `data` get copies to keep. */
export function recyclingSocket(): Socket {
  const ring: Buffer[] = [];
  let next = 0;
  const onread: OnReadOpts = {
    buffer: () => {
      const at = next++ % slots;
      ring[at] ??= Buffer.allocUnsafeSlow(slotBytes);
      return ring[at];
    },
    callback: (count, slot) => {
      const chunk = Buffer.from(slot.buffer, slot.byteOffset, count);
      const take = takers.get(socket);
      if (take) take(chunk);
      else socket.emit('data', Buffer.from(chunk));
      return true;
    },
  };
  // The constructor takes it on every Node; its type does not know.
  const socket = new Socket({ onread } as SocketConstructorOpts);
  takers.set(socket, null);
  return socket;
}

/** Hands all further chunks to `take` instead of the listeners of `data`, until the answer is called. A chunk is `take`'s until `mostChunksInWork` others came. */
export function divert(socket: Socket, take: Take): () => void {
  if (takers.has(socket)) {
    takers.set(socket, take);
    return () => takers.set(socket, null);
  }
  // A TLS stream, whose chunks are fresh anyway.
  const listeners = socket.listeners('data') as Take[];
  socket.removeAllListeners('data');
  socket.on('data', take);
  return () => {
    socket.off('data', take);
    for (const listener of listeners) socket.on('data', listener);
  };
}

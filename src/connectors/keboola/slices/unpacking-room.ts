/** How much of the disk the slices of one table may take unpacked. */

/** Beyond this the unpacked bytes leave the memory that the system lends files, and reading them costs more than unpacking twice. */
const largestPacked = 1e9;
/** Text packs to a sixth or so; what packs much better has room to turn out larger. */
const unpackedFactor = 12;
/** Of the free disk: other tables are fetched at the same time. */
const share = 1 / 24;

/** Thrown where it ends. */
export class NoRoom extends Error {}

export class UnpackingRoom {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isLeft(): boolean {
    return this.#left > 0;
  }

  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new NoRoom('no room to unpack');
  }
}

/** `packed` and `free` in bytes; null where the size is not known. None where it would hardly do. */
export function roomFor({ packed, free }: { packed: number | null; free: number }): UnpackingRoom {
  if (packed === null || packed > largestPacked) return new UnpackingRoom(0);
  const wanted = packed * unpackedFactor;
  return new UnpackingRoom(free * share < wanted ? 0 : wanted);
}

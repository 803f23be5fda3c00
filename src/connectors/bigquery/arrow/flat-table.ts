/** Reads tables of FlatBuffers, in which Arrow writes what stands around its columns. Source: internals.md of google/flatbuffers. Pure. */

/** A table in a buffer. Fields have numbers in the order of their declaration; one that is absent has its default. */
export class FlatTable {
  private readonly view: DataView;
  private readonly at: number;
  private readonly vtable: number;

  private constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
    this.vtable = at - view.getInt32(at, true);
  }

  /** Throws a `RangeError`, as everything here does, where the bytes end too early. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  byte(field: number, absent: number): number {
    const at = this.position(field);
    return at === null ? absent : this.view.getUint8(at);
  }

  short(field: number, absent: number): number {
    const at = this.position(field);
    return at === null ? absent : this.view.getInt16(at, true);
  }

  int(field: number, absent: number): number {
    const at = this.position(field);
    return at === null ? absent : this.view.getInt32(at, true);
  }

  long(field: number, absent: number): number {
    const at = this.position(field);
    return at === null ? absent : Number(this.view.getBigInt64(at, true));
  }

  /** A table, or the value of a union. */
  table(field: number): FlatTable | null {
    const at = this.target(field);
    return at === null ? null : new FlatTable(this.view, at);
  }

  text(field: number): string | null {
    const at = this.target(field);
    if (at === null) return null;
    const length = this.view.getUint32(at, true);
    return Buffer.from(this.view.buffer, this.view.byteOffset + at + 4, length).toString('utf8');
  }

  tables(field: number): FlatTable[] {
    return this.vector(field, 4, (at) => new FlatTable(this.view, at + this.view.getUint32(at, true)));
  }

  /** A vector of structs that are two longs each. */
  pairs(field: number): [number, number][] {
    const long = (at: number) => this.view.getUint32(at, true) + this.view.getInt32(at + 4, true) * 2 ** 32;
    return this.vector(field, 16, (at) => [long(at), long(at + 8)]);
  }

  private vector<T>(field: number, width: number, read: (at: number) => T): T[] {
    const at = this.target(field);
    if (at === null) return [];
    const length = this.view.getUint32(at, true);
    if (length * width > this.view.byteLength) throw new RangeError('a vector is longer than its buffer');
    return Array.from({ length }, (_, index) => read(at + 4 + index * width));
  }

  /** Where the field's own bytes are. */
  private position(field: number): number | null {
    const entry = 4 + field * 2;
    if (entry >= this.view.getUint16(this.vtable, true)) return null;
    const offset = this.view.getUint16(this.vtable + entry, true);
    return offset === 0 ? null : this.at + offset;
  }

  /** Where the field points. */
  private target(field: number): number | null {
    const at = this.position(field);
    return at === null ? null : at + this.view.getUint32(at, true);
  }
}

/** Bytes that are gathered, taken, and gathered again in the same memory: memory outside V8's heap is dear to give back. */
const leastBytes = 64 << 10;

export class GrowingBytes {
  private memory = Buffer.allocUnsafeSlow(0);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** What was gathered; it holds until the next `append` after a `clear`. */
  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.used);
  }

  append(bytes: Uint8Array): void {
    const end = this.used + bytes.length;
    if (end > this.memory.length) this.grow(end);
    this.memory.set(bytes, this.used);
    this.used = end;
  }

  clear(): void {
    this.used = 0;
  }

  private grow(need: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(leastBytes, need, Math.ceil(this.memory.length * 1.5)));
    larger.set(this.bytes);
    this.memory = larger;
  }
}

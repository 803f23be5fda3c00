/** Follows the frames of a Zstandard stream without unpacking them, to know whether it ends where a frame ends (RFC 8878, 3.1). */

const frameMagic = 0xfd2fb528;

/** Told all bytes of a stream in order. */
export class ZstdFrames {
  /** Bytes needed to take the next step, and the step. */
  private needed = 4;
  private step: (bytes: Buffer) => void = (bytes) => this.magic(bytes);
  private held = Buffer.alloc(0);
  /** Bytes of block content to pass over. */
  private over = 0;
  private checksum = false;
  private betweenFrames = true;

  push(chunk: Buffer): void {
    let rest = chunk;
    for (;;) {
      const passed = Math.min(this.over, rest.length);
      this.over -= passed;
      rest = rest.subarray(passed);
      if (this.over > 0) return;
      if (this.held.length + rest.length < this.needed) {
        this.held = Buffer.concat([this.held, rest]);
        return;
      }
      const missing = this.needed - this.held.length;
      const bytes = Buffer.concat([this.held, rest.subarray(0, missing)]);
      this.held = Buffer.alloc(0);
      rest = rest.subarray(missing);
      this.step(bytes);
    }
  }

  /** Whether the stream may end here. */
  get complete(): boolean {
    return this.betweenFrames && this.held.length === 0 && this.over === 0;
  }

  private expect(needed: number, step: (bytes: Buffer) => void): void {
    this.needed = needed;
    this.step = step;
  }

  private magic(bytes: Buffer): void {
    const magic = bytes.readUInt32LE(0);
    this.betweenFrames = false;
    if (magic >>> 4 === 0x184d2a5) this.expect(4, (size) => this.endFrame(size.readUInt32LE(0)));
    else if (magic === frameMagic) this.expect(1, (descriptor) => this.descriptor(descriptor[0]!));
    else throw new Error('not a Zstandard frame');
  }

  private descriptor(flags: number): void {
    const single = (flags & 0x20) !== 0;
    this.checksum = (flags & 0x04) !== 0;
    const dictionary = [0, 1, 2, 4][flags & 0x03]!;
    const contentSize = [single ? 1 : 0, 2, 4, 8][flags >> 6]!;
    const header = (single ? 0 : 1) + dictionary + contentSize;
    if (header === 0) this.blocks();
    else this.expect(header, () => this.blocks());
  }

  private blocks(): void {
    this.expect(3, (bytes) => {
      const header = bytes.readUIntLE(0, 3);
      const runLength = ((header >> 1) & 3) === 1;
      this.over = runLength ? 1 : header >> 3;
      if ((header & 1) === 0) return;
      if (this.checksum) this.expect(4, () => this.endFrame(0));
      else this.endFrame(this.over);
    });
  }

  private endFrame(over: number): void {
    this.over = over;
    this.betweenFrames = true;
    this.expect(4, (bytes) => this.magic(bytes));
  }
}

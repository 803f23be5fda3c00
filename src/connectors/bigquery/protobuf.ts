/** Protobuf's wire format, as much of it as the Storage Read API's messages need. Source: encoding.md of protobuf.dev. Pure. */

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A number of 0 or more, which is left out when it is 0. */
export function numberField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from([(field << 3) | wire.varint, ...varint(value)]);
}

/** Text, bytes, or a message. */
export function bytesField(field: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(field << 3) | wire.bytes, ...varint(bytes.length)]), bytes]);
}

export function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** The fields of a message in their order: numbers, and everything else as a view of its bytes. */
export function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) throw cutOff();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number();
    const field = Math.floor(tag / 8);
    if (tag % 8 === wire.varint) yield [field, number()];
    else {
      const length = lengthOf(tag % 8, number);
      if (at + length > bytes.length) throw cutOff();
      yield [field, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}

function lengthOf(type: number, number: () => number): number {
  if (type === wire.fixed64) return 8;
  if (type === wire.fixed32) return 4;
  if (type === wire.bytes) return number();
  throw cutOff();
}

const cutOff = () => new Error('an answer is no message of the Storage Read API');

/** CRC-32C (Castagnoli), which GCS reports for every object. */
const table = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

export function crc32cUpdate(crc: number, bytes: Uint8Array): number {
  let value = ~crc >>> 0;
  for (let index = 0; index < bytes.length; index += 1) {
    value = (value >>> 8) ^ table[(value ^ bytes[index]!) & 0xff]!;
  }
  return ~value >>> 0;
}

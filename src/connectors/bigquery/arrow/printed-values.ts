/** Values that travel as text, printed as BigQuery prints them. Rare types, so value by value. */
import { isSet } from './bytes.ts';
import type { ArrowColumn } from './record-batch.ts';

interface Texts {
  offsets: Int32Array;
  bytes: Uint8Array;
}

/** BIGNUMERIC: 256 bits, lowest byte first. */
export function decimalTexts(data: ArrowColumn, scale: number): Texts {
  const view = viewOf(data.bytes);
  return printed(data, (index) => {
    const at = index * 32;
    const high = view.getBigInt64(at + 24, true);
    const low =
      (view.getBigUint64(at + 16, true) << 128n) |
      (view.getBigUint64(at + 8, true) << 64n) |
      view.getBigUint64(at, true);
    return decimalText((high << 192n) | low, scale);
  });
}

/** Without zeros at the end. */
function decimalText(value: bigint, scale: number): string {
  const negative = value < 0n;
  const digits = String(negative ? -value : value).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function printed(data: ArrowColumn, print: (index: number) => string): Texts {
  const { length, nullBitmap, nullCount } = data;
  const offsets = new Int32Array(length + 1);
  const texts: Buffer[] = [];
  let at = 0;
  for (let index = 0; index < length; index += 1) {
    if (nullCount === 0 || isSet(nullBitmap, index)) {
      const text = Buffer.from(print(index));
      texts.push(text);
      at += text.length;
    }
    offsets[index + 1] = at;
  }
  return { offsets, bytes: Buffer.concat(texts) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

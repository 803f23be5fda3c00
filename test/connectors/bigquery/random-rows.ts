/** Rows of the golden table's columns but `iv` with any values that BigQuery can hold, its borders among them more often than chance would have it. */
import fc from 'fast-check';
import type { TableSpec } from '../../doubles/bigquery/control/define.ts';

type Cell = NonNullable<TableSpec['rows']>[number][string];

const between = (least: bigint, most: bigint) =>
  fc.oneof(fc.constantFrom(least, most, 0n), fc.bigInt({ min: least, max: most }));

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 5 });

const int64 = between(-(2n ** 63n), 2n ** 63n - 1n).map(String);

/** Whole numbers of so many digits with a point before the last `scale`. */
function decimal(digits: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(digits) - 1n;
  return between(-most, most).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
  });
}

/** Without U+0000, which cannot stand in the statement that fills the table. */
const text = fc.oneof(
  fc.constantFrom('', ' ', '\u0001\u001f', '"\\/', '\u2028\ufeff', '🦆👩‍👩‍👧', "it's", '\r\n\t', 'null', 'NULL'),
  fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', '')),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
);

const dayMicros = 86_400_000_000n;
const day1 = -719_162n;
const lastDay = 2_932_896n;

function pad(value: bigint, width: number): string {
  return String(value).padStart(width, '0');
}

const dayText = (days: bigint) => new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);

function clockText(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => pad(part, 2)).join(':');
  return `${clock}.${pad(micros % 1_000_000n, 6)}`;
}

const date = between(day1, lastDay).map(dayText);
const time = between(0n, dayMicros - 1n).map(clockText);
const moment = between(day1 * dayMicros, (lastDay + 1n) * dayMicros - 1n).map((micros) => {
  const sinceFirst = micros - day1 * dayMicros;
  return `${dayText(day1 + sinceFirst / dayMicros)}T${clockText(sinceFirst % dayMicros)}`;
});
const timestamp = moment.map((value) => `${value}Z`);

const range = (bound: fc.Arbitrary<string>) =>
  fc.tuple(orNull(bound), orNull(bound)).map(([a, b]) => {
    const [start, end] = a !== null && b !== null && a > b ? [b, a] : [a, b];
    return { start, end: start !== null && start === end ? null : end };
  });

const columns: Record<string, fc.Arbitrary<Cell>> = {
  big_int: orNull(int64),
  num: orNull(decimal(38, 9)),
  num_10_2: orNull(decimal(10, 2)),
  bignum: orNull(decimal(76, 38)),
  flt: orNull(fc.double().map(String)),
  flag: orNull(fc.boolean()),
  txt: orNull(text),
  raw: orNull(fc.uint8Array({ maxLength: 30 })),
  d: orNull(date),
  dt: orNull(moment),
  t: orNull(time),
  ts: orNull(timestamp),
  js: orNull(fc.json()),
  geo: orNull(fc.constantFrom('POINT(1 2)', 'GEOMETRYCOLLECTION EMPTY')),
  ints: fc.array(int64, { maxLength: 4 }),
  rec: orNull(fc.record({ a: orNull(int64), b: orNull(text), inner: orNull(fc.record({ ts: orNull(timestamp) })) })),
  recs: fc.array(fc.record({ k: orNull(text), v: orNull(decimal(38, 9)) }), { maxLength: 3 }),
  dr: orNull(range(date)),
  tsr: orNull(range(timestamp)),
};

/** Rows with ids from 1 on. */
export const randomRows: fc.Arbitrary<NonNullable<TableSpec['rows']>> = fc
  .array(fc.record(columns), { minLength: 1, maxLength: 60 })
  .map((rows) => rows.map((row, index) => ({ id: index + 1, ...row })));

/** The cheap way to a decimal says what DuckDB's own cast says, wherever the text is a plain number that the type can keep. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ruleOf } from '../../../src/connectors/keboola/types/type-rules.ts';
import { probe } from '../../../src/duckdb/probe.ts';
import { literal } from '../../../src/duckdb/quote.ts';

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`));
const odd = fc.constantFrom(
  '.',
  '-',
  '-.',
  '',
  '1.',
  '-1.',
  '+1',
  '1e3',
  '1.5e3',
  '1_0.5',
  ' 1',
  '1.2.3',
  'NaN',
  '00.5',
  '--1',
  '1-2',
  '.5.',
  '0x10',
  'Infinity',
);
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(32),
    fc.option(digits(24), { nil: undefined }),
    fc.integer({ min: 0, max: 12 }),
  )
  .map(
    ([sign, whole, behind, zeros]) => `${sign}${whole}${behind === undefined ? '' : `.${behind}${'0'.repeat(zeros)}`}`,
  );

const shapes: [precision: number, scale: number][] = [
  [38, 0],
  [38, 9],
  [19, 2],
  [38, 18],
  [38, 37],
  [38, 38],
  [20, 20],
  [18, 2],
  [5, 0],
];

test('a plain number that fits becomes what DuckDB makes of it, any other text is refused', async () => {
  const texts = [...fc.sample(number, { numRuns: 3_000, seed: 7 }), ...fc.sample(odd, { numRuns: 60, seed: 7 })];
  for (const [precision, scale] of shapes) {
    const rule = ruleOf({ name: 'NUMERIC', length: `${precision},${scale}`, isClaim: true }, 'snowflake');
    const wanted = precision <= 38 && scale === 0 ? (rule.wider ?? rule) : rule;
    const sql = (text: string | undefined) => text?.replaceAll('$', () => 'v') ?? '';
    const rows = await probe((session) =>
      session.rows<{ v: string; lossy: boolean; ours: string | null; theirs: string | null; plain: boolean }>(
        `SELECT v, ${sql(wanted.lossy)} AS lossy, CASE WHEN NOT (${sql(wanted.lossy)}) THEN CAST(${sql(wanted.expression)} AS VARCHAR) END AS ours,
           CAST(TRY_CAST(nullif(v, '') AS ${wanted.type}) AS VARCHAR) AS theirs,
           regexp_full_match(v, '-?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)') AS plain
         FROM (VALUES ${texts.map((text) => `(${literal(text)})`).join(', ')}) t(v)`,
      ),
    );
    for (const { v, lossy, ours, theirs, plain } of rows) {
      const behind = (v.split('.')[1] ?? '').replace(/0+$/, '');
      const kept =
        plain &&
        theirs !== null &&
        behind.length <= scale &&
        (scale > 0 || (/^-?(0|[1-9][0-9]*)$/.test(v) && v !== '-0'));
      const said = `${JSON.stringify(v)} as ${wanted.type}`;
      if (v === '') expect([said, lossy, ours]).toEqual([said, false, null]);
      else if (kept) expect([said, lossy, ours]).toEqual([said, false, theirs]);
      else expect([said, lossy, ours]).toEqual([said, true, null]);
    }
  }
});

/** All figures of a run as one table. */

export function printSummary(benchmarks) {
  const rows = [
    ['benchmark', 'figure', 'aim', '', 'peak MB', 'took'],
    ...benchmarks.flatMap(({ name, figures, seconds, failed }) => {
      const took = `${seconds.toFixed(0)} s`;
      if (failed) return [[name, 'failed', '', 'failed', '', took], ...figures.map((facts) => row(facts, ''))];
      return figures.map((facts, index) => row(facts, index === 0 ? took : ''));
    }),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  for (const cells of rows)
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

function row({ name, value, unit, atMost, atLeast, peakMegabytes }, took) {
  const met = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  const aim =
    atMost !== undefined ? `≤ ${amount(atMost, unit)}` : atLeast !== undefined ? `≥ ${amount(atLeast, unit)}` : '';
  return [
    name,
    amount(value, unit),
    aim,
    aim === '' ? '' : met ? 'met' : 'missed',
    peakMegabytes?.toFixed(0) ?? '',
    took,
  ];
}

function amount(value, unit) {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) < 1 ? 3 : 2;
  return `${value.toFixed(digits)}${unit === '×' ? '×' : ` ${unit}`}`;
}

/** One figure of a benchmark for the table at the end of `npm run bench`; without one nothing listens, and nothing is lost: each benchmark prints its figures itself. */

/**
 * @param {{name: string, value: number, unit?: string, atMost?: number, atLeast?: number, peakMegabytes?: number}} facts
 *   `unit` is `×` for a ratio to the reference of the same run; `peakMegabytes` the most memory of the process that is measured.
 */
export function figure(facts) {
  process.send?.({ figure: { unit: '×', ...facts } });
}

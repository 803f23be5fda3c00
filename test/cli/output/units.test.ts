import { describe, expect, it } from 'vitest';
import { humanAge, humanCount, humanSize, plural } from '../../../src/cli/output/units.ts';

describe('units for people', () => {
  it('writes sizes with a fitting unit', () => {
    expect([0, 999, 1000, 12_345, 999_600, 14_400_000, 5e12].map(humanSize)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '12.3 kB',
      '1.0 MB',
      '14.4 MB',
      '5.0 TB',
    ]);
  });

  it('says unknown for what is not known, never zero', () => {
    expect([humanCount(null), humanAge(null), humanAge('yesterday')]).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('tells ages in the unit that fits', () => {
    const now = Date.parse('2026-01-31T12:00:00Z');
    const ages = [
      '2026-01-31T11:59:58Z',
      '2026-01-31T11:59:30Z',
      '2026-01-31T11:00:00Z',
      '2026-01-30T12:00:00Z',
      '2026-01-01T12:00:00Z',
    ];
    expect(ages.map((iso) => humanAge(iso, now))).toEqual([
      'just now',
      '30 seconds ago',
      '60 minutes ago',
      '24 hours ago',
      '30 days ago',
    ]);
  });

  it('knows one from many', () => {
    expect([plural(1, 'table'), plural(1200, 'table')]).toEqual(['1 table', '1,200 tables']);
  });
});

import { describe, expect, it } from 'vitest';
import { dueTables } from '../../src/sync/due-tables.ts';
import { registeredTable } from '../helpers/instance.ts';

const minute = 60_000;
const now = Date.parse('2026-01-01T12:00:00Z');

function due(lastAttempt: string | null, intervalMs = 15 * minute, toleranceMs = minute): boolean {
  const states = new Map(lastAttempt === null ? [] : [['orders', { last_attempt: lastAttempt }]]);
  const registered = [registeredTable('orders', 'crm')];
  return dueTables({ registered, states, intervalOf: () => intervalMs, now, toleranceMs }).length === 1;
}

describe('a table', () => {
  it.each([
    ['was never tried', null, true],
    ['was tried exactly an interval ago', '2026-01-01T11:45:00Z', true],
    ['was tried a little less than an interval ago, within the tolerance of a tick', '2026-01-01T11:45:30Z', true],
    ['was tried well within the interval', '2026-01-01T11:50:00Z', false],
    ['was last tried in the future, because the clock was set back', '2026-01-02T00:00:00Z', true],
    ['has an instant that cannot be read', 'yesterday', true],
  ])('that %s', (_title, lastAttempt, expected) => {
    expect(due(lastAttempt)).toBe(expected);
  });

  it('is due by the interval of its own source', () => {
    const registered = [registeredTable('orders', 'crm'), registeredTable('visits', 'web')];
    const states = new Map(registered.map(({ id }) => [id, { last_attempt: '2026-01-01T11:30:00Z' }]));
    const intervalOf = (source: string) => (source === 'crm' ? 15 : 60) * minute;
    expect(dueTables({ registered, states, intervalOf, now, toleranceMs: 0 })).toEqual(['orders']);
  });
});

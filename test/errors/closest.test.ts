import { describe, expect, it } from 'vitest';
import { closest } from '../../src/errors/closest.ts';

describe('the likely spelling', () => {
  it('finds a name with a letter missing, doubled, swapped or in another case', () => {
    for (const typed of ['order', 'orderss', 'oredrs', 'ORDERS'])
      expect(closest(typed, ['people', 'orders'])).toBe('orders');
  });

  it('proposes nothing that is not meant', () => {
    expect(closest('weather', ['people', 'orders'])).toBeNull();
    expect(closest('a', [])).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { textTable } from '../../../src/cli/output/text-table.ts';

describe('a table for people', () => {
  it('aligns numbers right and the rest left', () => {
    const text = textTable(
      [{ title: 'name' }, { title: 'n', align: 'right' }],
      [
        ['a', '1'],
        ['long', '200'],
      ],
    );
    expect(text).toBe('name    n\n----  ---\na       1\nlong  200\n');
  });

  it('keeps a row on its line and cuts what is too wide', () => {
    const [, , first, second] = textTable([{ title: 't' }], [['two\nlines'], ['x'.repeat(100)]]).split('\n');
    expect(first).toBe('two\\nlines');
    expect(second).toBe(`${'x'.repeat(57)}...`);
  });
});

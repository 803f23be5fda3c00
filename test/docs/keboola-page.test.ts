/** The page of Keboola names what there is: placeholders, settings, types, the version of the extension. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { oldestVersion } from '../../src/connectors/keboola/extension/attach-extension.ts';
import { options } from '../../src/connectors/keboola/options.ts';
import { placeholderNames } from '../../src/connectors/keboola/placeholders.ts';
import { settings } from '../../src/connectors/keboola/settings.ts';
import { ruleOf } from '../../src/connectors/keboola/types/type-rules.ts';
import { tableOptions } from '../../src/connectors/table-options.ts';

const page = await readFile(new URL('../../docs/keboola.md', import.meta.url), 'utf8');

it('shows a source that is valid', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const { type, ...given } = parse(example).sources.keboola;
  expect(type).toBe('keboola');
  expect(settings.safeParse(given).error?.issues).toBeUndefined();
});

it('names every placeholder and no other', () => {
  const named = [...page.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
  expect(named.sort()).toEqual([...placeholderNames].sort());
});

it('names only limits and options that there are', () => {
  const limits = settings.parse({ url: 'https://stack.example' }).limits;
  for (const [, name = ''] of page.matchAll(/`limits\.(\w+)/g)) expect(Object.keys(limits)).toContain(name);
  const known = [...Object.keys(options.shape), ...Object.keys(tableOptions.shape)];
  for (const [, name = ''] of page.matchAll(/`options\.(\w+)/g)) expect(known).toContain(name);
  expect(page).toContain(`(${limits.extension_rows.toLocaleString('en')})`);
  expect(page).toContain(`extension (${oldestVersion.join('.')} or newer)`);
});

it('says of each declared type what it is published as', () => {
  const rows = [...page.matchAll(/^\| ([A-Z][^|]*) \| ([^|]*) \|$/gm)];
  expect(rows.length).toBeGreaterThan(7);
  for (const [, declared = '', published = ''] of rows)
    for (const name of declared.split(', ').filter((each) => /^[A-Z0-9_]+$/.test(each))) {
      const type = ruleOf({ name, length: null, isClaim: false }, 'snowflake').type.replace(/\(.*/, '');
      expect(`${name}: ${published}`).toMatch(type === 'VARCHAR' ? /text/ : new RegExp(`${type}|the same`));
    }
});

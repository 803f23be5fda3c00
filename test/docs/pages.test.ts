import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { webhook } from '../../src/connectors/webhook/webhook.ts';
import { errorCodes } from '../../src/errors/codes.ts';
import { jiraTables } from './pushed-tables.ts';
import { settingsPage, table } from './settings-page.ts';

it('the page of settings holds every key of the schemas with its meaning', async () => {
  await expect(await settingsPage()).toMatchFileSnapshot('../../docs/settings.md');
});

it('the page of error codes holds every code with its exit code and HTTP status', async () => {
  const rows = Object.entries(errorCodes).map(([code, { title, exit, status }]) => [
    `\`${code}\``,
    title,
    String(exit),
    String(status),
  ]);
  const page = [
    '# Error codes',
    'Codes are stable: programs may rely on them, never on a sentence. On the command line they stand in `errors` of `--json` and decide the exit code; over HTTP in `code` of the problem document. Every error says in `hint` what to do next and in `retryable` whether trying again can help.',
    table(['code', 'what happened', 'exit code', 'HTTP status'], rows),
    '',
  ].join('\n\n');
  await expect(page).toMatchFileSnapshot('../../docs/errors.md');
});

it('the page of pushed sources lists every table and column of Jira, and its example is one', async () => {
  const page = readFileSync(new URL('../../docs/pushed-sources.md', import.meta.url), 'utf8');
  const [before, after] = page.split(/<!-- made by the tests -->[\s\S]*?(?=## Asking Jira)/);
  const whole = `${before}<!-- made by the tests -->\n\n${jiraTables()}\n\n${after}`;
  await expect(whole).toMatchFileSnapshot('../../docs/pushed-sources.md');
  const [, example] = /## A webhook of your own[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page)!;
  const { type: _type, ...settings } = (parse(example!) as { sources: { shop: Record<string, unknown> } }).sources.shop;
  expect(webhook.settings.safeParse(settings).error).toBeUndefined();
});

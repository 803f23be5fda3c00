import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import type { CommandEntry } from '../../src/cli/context.ts';
import { errorCodes } from '../../src/errors/codes.ts';
import { da } from '../helpers/run-da.ts';

const leaves = (entries: readonly CommandEntry[], path: string[] = []): string[][] =>
  entries.flatMap((entry) =>
    'commands' in entry ? leaves(entry.commands, [...path, entry.name]) : [[...path, entry.name]],
  );

describe('the command line', () => {
  it('has an example, the JSON shape and --json in the help of every command', async () => {
    for (const path of leaves(commands)) {
      const { stdout, code } = await da([...path, '--help']);
      const exempt = path.join(' ') === 'serve';
      expect([
        path.join(' '),
        code,
        /\$ .*\bda /.test(stdout),
        /JSON/.test(stdout) || exempt,
        stdout.includes('--json'),
      ]).toEqual([path.join(' '), 0, true, true, true]);
    }
  });

  it('prints help for `da`, for a group alone, and for `da help COMMAND`', async () => {
    expect(await da([])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes') });
    expect(await da(['admin', 'registry'])).toMatchObject({ code: 0, stdout: expect.stringContaining('add') });
    expect(await da(['help', 'sync'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--dry-run') });
  });

  it('names the likely command or flag for a mistyped one, with exit 2', async () => {
    expect(await da(['snyc'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean sync?'),
    });
    expect(await da(['admin', 'regisry'])).toMatchObject({ code: 2, stderr: expect.stringContaining('registry') });
    const flag = await da(['sync', '--dry-rnu', '--json']);
    expect(flag.code).toBe(2);
    expect(JSON.parse(flag.stdout).errors[0].message).toContain('--dry-run');
  });

  it('has every command and every exit code on its page', async () => {
    const page = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
    for (const path of leaves(commands)) expect(page).toContain(`\`da ${path.join(' ')}\``);
    for (const { exit } of Object.values(errorCodes)) expect(page).toMatch(new RegExp(`\\| ${exit} +\\|`));
  });

  it('has no flag for a token anywhere', async () => {
    for (const path of leaves(commands)) expect((await da([...path, '--help'])).stdout).not.toMatch(/--token/);
  });

  it('uses colour only when asked to, and never with NO_COLOR', async () => {
    const escapeCode = String.fromCharCode(27);
    expect((await da(['sync'])).stderr).not.toContain(escapeCode);
    expect((await da(['sync'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(escapeCode);
    expect((await da(['sync'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stderr).not.toContain(escapeCode);
    expect((await da(['sync', '--no-color'], { env: { FORCE_COLOR: '1' } })).stderr).not.toContain(escapeCode);
  });
});

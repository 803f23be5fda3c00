import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import type { CommandEntry, Configure, Context } from '../../src/cli/context.ts';
import { errorCodes } from '../../src/errors/codes.ts';
import { da } from '../helpers/run-da.ts';

interface Leaf {
  path: string;
  load: () => Promise<Configure>;
}

const leaves = (entries: readonly CommandEntry[], above = ''): Leaf[] =>
  entries.flatMap((entry) => {
    const path = `${above} ${entry.name}`.trim();
    return 'commands' in entry ? leaves(entry.commands, path) : [{ path, load: entry.load }];
  });

/** The help of a command without a process for each. */
async function helpOf({ path, load }: Leaf): Promise<string> {
  let help = '';
  const command = new Command(path).configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  (await load())(command, {} as Context);
  command.outputHelp();
  return help;
}

describe('the command line', () => {
  it('has an example and the JSON shape in the help of every command, and no flag for a token', async () => {
    for (const leaf of leaves(commands)) {
      const help = await helpOf(leaf);
      expect(help, leaf.path).toMatch(
        new RegExp(`\\$ .*\\bda ${leaf.path.replace('sources discover', 'sources tables')}`),
      );
      if (leaf.path !== 'serve') expect(help, leaf.path).toContain('JSON');
      expect(help, leaf.path).not.toMatch(/--(token|password|secret)/);
    }
  });

  it('prints help for `da`, for a group alone, and for `da help COMMAND`', async () => {
    expect(await da([])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes') });
    expect(await da(['admin', 'registry'])).toMatchObject({ code: 0, stdout: expect.stringContaining('add') });
    expect(await da(['help', 'sync'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/--json[\s\S]*--dry-run/),
    });
  });

  it('names the likely command or flag for a mistyped one, with exit 2', async () => {
    expect(await da(['snyc'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean sync?'),
    });
    expect(await da(['admin', 'regisry'])).toMatchObject({ code: 2, stderr: expect.stringContaining('registry') });
    for (const args of [
      ['snyc', '--help'],
      ['help', 'snyc'],
    ])
      expect(await da(args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('Did you mean sync?'),
      });
    const flag = await da(['sync', '--dry-rnu', '--json']);
    expect(flag.code).toBe(2);
    expect(JSON.parse(flag.stdout).errors[0].message).toContain('--dry-run');
  });

  it('has every command and every exit code on its page', async () => {
    const page = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
    for (const { path } of leaves(commands)) expect(page).toContain(`\`da ${path}\``);
    for (const { exit } of Object.values(errorCodes)) expect(page).toMatch(new RegExp(`\\| ${exit} +\\|`));
  });

  it('uses colour only when asked to, and never with NO_COLOR', async () => {
    const escapeCode = String.fromCharCode(27);
    expect((await da(['sync'])).stderr).not.toContain(escapeCode);
    expect((await da(['sync'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(escapeCode);
    expect((await da(['sync'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stderr).not.toContain(escapeCode);
    expect((await da(['sync', '--no-color'], { env: { FORCE_COLOR: '1' } })).stderr).not.toContain(escapeCode);
  });
});

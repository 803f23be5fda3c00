/** The DuckDB extension of Keboola, where an operator supplied it: probed, attached once for a run, read-only. */
import { explainProbe, probeExtension } from '../../../duckdb/probe-extension.ts';
import { identifier, literal, qualified } from '../../../duckdb/quote.ts';
import type { Session } from '../../../duckdb/session.ts';
import { redact } from '../../../errors/redact.ts';
import type { RunContext } from '../../read-way.ts';
import type { Project } from '../project.ts';
import type { Settings } from '../settings.ts';

/** Attached, or the cause why it is not. */
export type AttachedExtension = { alias: string; detach(): Promise<void> } | { cause: string };

const alias = 'keboola_stack';
const secretName = 'keboola_stack_token';
/** Older ones remove the tables' workspaces by a login that stacks no longer allow, and know no linked buckets. */
export const oldestVersion = [0, 1, 7] as const;
/** A feature of projects that may not have workspaces, which the extension needs. */
const withoutWorkspaces = 'block-shared-snowflake-access';

export async function attachExtension(context: RunContext<Settings>, project: Project): Promise<AttachedExtension> {
  if (project.features.includes(withoutWorkspaces)) return { cause: 'the project allows no workspaces' };
  const session = await context.session();
  const cause = await loadExtension(session, context.extensionDirectories);
  if (cause !== null) return { cause };
  const token = context.secret(context.settings.token_env);
  try {
    for (const statement of attachStatements(context.settings, token)) await session.run(statement);
  } catch (thrown) {
    return { cause: `the stack cannot be attached: ${redact(firstLine(thrown), [token])}` };
  }
  return { alias, detach: () => session.run(`DETACH ${identifier(alias)}`) };
}

/** Why the extension cannot be used, or null once it is loaded. Nothing is ever downloaded. */
export async function loadExtension(session: Session, directories: readonly string[]): Promise<string | null> {
  const probed = await probeExtension('keboola', directories);
  if (probed.status !== 'available') return explainProbe(probed);
  try {
    await session.run('LOAD keboola');
  } catch (thrown) {
    return `the DuckDB extension at ${probed.path} cannot be loaded: ${firstLine(thrown)}`;
  }
  const found = await session.first<{ version: string | null }>(
    "SELECT extension_version AS version FROM duckdb_extensions() WHERE extension_name = 'keboola'",
  );
  return isRecent(found?.version ?? '')
    ? null
    : `the DuckDB extension keboola has the version ${found?.version || 'unknown'}, and ${oldestVersion.join('.')} is needed`;
}

/** The token stands in a secret of this process, not in the statement that attaches. */
export function attachStatements({ url, branch }: Pick<Settings, 'url' | 'branch'>, token: string): string[] {
  const stack = literal(url.replace(/\/+$/, ''));
  const ofBranch = branch === undefined || branch === 'default' ? '' : `, BRANCH ${literal(branch)}`;
  return [
    `CREATE OR REPLACE TEMPORARY SECRET ${secretName} (TYPE keboola, TOKEN ${literal(token)}, URL ${stack}${ofBranch})`,
    `ATTACH ${stack} AS ${identifier(alias)} (TYPE keboola, SECRET ${secretName}, READ_ONLY true)`,
  ];
}

/** The rows of a table as texts. Columns are named, because the extension adds one of its own; no condition goes through it. */
export function extensionRelation(attachedAs: string, tableId: string, columns: readonly string[]): string {
  const [stage, bucket, ...table] = tableId.split('.');
  const list = columns.map((name, index) => `CAST(${identifier(name)} AS VARCHAR) AS c${index}`).join(', ');
  return `(SELECT ${list} FROM ${qualified(attachedAs, `${stage}.${bucket}`, table.join('.'))})`;
}

/** Whether `v0.1.10` is at least the oldest version. */
export function isRecent(version: string): boolean {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) return false;
  const differing = oldestVersion.findIndex((least, index) => numbers[index] !== least);
  return differing < 0 || (numbers[differing] as number) > (oldestVersion[differing] as number);
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
}

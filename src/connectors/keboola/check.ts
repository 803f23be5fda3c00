/** Proves the token by the one call that needs it, and says what it may do. */
import type { CheckReport } from '../connector.ts';
import type { Connection } from './connection.ts';
import { verifyProject } from './project.ts';

/** Days before the end of a token at which people are told. */
const warnedDays = 14;

export async function checkToken({ client, settings }: Connection): Promise<CheckReport> {
  const { project, token } = await verifyProject(client, settings);
  const readable = Object.keys(token.bucketPermissions).sort();
  const all = token.isMasterToken === true || token.canManageBuckets === true;
  const expires = token.expires ?? null;
  const daysLeft = expires === null ? null : (Date.parse(expires) - Date.now()) / 86_400_000;
  return {
    summary: `Keboola project ${project.id}${project.name === '' ? '' : ` (${project.name})`}, ${project.backend ?? 'unknown backend'}, ${
      all ? 'all buckets' : `${readable.length} ${readable.length === 1 ? 'bucket' : 'buckets'}`
    }`,
    facts: {
      project_id: project.id,
      project: project.name,
      region: project.region,
      backend: project.backend,
      file_storage: project.fileProvider,
      branch: settings.branch ?? 'default',
      token_id: token.id,
      token: token.description ?? null,
      expires,
      rights: all
        ? 'all buckets'
        : readable.map((bucket) => `${bucket}: ${token.bucketPermissions[bucket]}`).join(', '),
      parallel_jobs: project.parallelJobs,
    },
    warnings: [
      token.isMasterToken === true &&
        'The token is a master token. Reading needs only a token with read permission for the buckets.',
      token.isMasterToken !== true &&
        Object.values(token.bucketPermissions).some((right) => right !== 'read') &&
        'The token may write to buckets. Reading needs only read permission.',
      !all && readable.length === 0 && 'The token may read no bucket.',
      daysLeft !== null && daysLeft < warnedDays && `The token ends on ${expires}.`,
    ].filter((warning) => warning !== false),
  };
}

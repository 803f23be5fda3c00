/** The project behind a token, verified once for a run, and whether it is the one the data came from. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { TokenAnswer } from './api/shapes.ts';
import type { StorageClient } from './api/storage-client.ts';
import type { Settings } from './settings.ts';

export interface Project {
  id: string;
  name: string;
  region: string | null;
  backend: string | null;
  fileProvider: string | null;
  features: string[];
  /** Storage jobs the whole project may run at once. */
  parallelJobs: number;
}

/** What the connector remembers of every published table. */
export interface Remembered {
  project: string;
  /** The stack refused to export Parquet. */
  csvOnly?: true;
}

export async function verifyProject(
  client: StorageClient,
  settings: Settings,
): Promise<{ project: Project; token: TokenAnswer }> {
  const token = await client.verify();
  if (token.isExpired === true || token.isDisabled === true)
    throw new AttacheError('source_auth', {
      message: `The token of the stack ${settings.url} is ${token.isExpired ? 'expired' : 'disabled'}.`,
      hint: `Create a new one and put it into ${settings.token_env}.`,
    });
  const project = projectOf(token);
  if (settings.project !== undefined && settings.project !== project.id)
    throw new AttacheError('source_forbidden', {
      message: `The token belongs to the project ${project.id} (${project.name}), and the source is bound to the project ${settings.project}.`,
      hint: `Put a token of project ${settings.project} into ${settings.token_env}, or correct \`project\` of the source.`,
    });
  return { project, token };
}

/** A token of another project would put another project's rows under the same names. */
export function checkBinding({ id, name }: Project, remembered: readonly unknown[], source: string): void {
  const other = remembered.flatMap((each) => (isRemembered(each) && each.project !== id ? [each.project] : []))[0];
  if (other === undefined) return;
  throw new AttacheError('source_forbidden', {
    message: `The data of the source ${source} came from the project ${other}, and the token belongs to the project ${id} (${name}).`,
    hint: 'Nothing was changed. Give the other project a source of its own; or remove the tables of this source first, if it shall move.',
  });
}

export function rememberProject({ id }: Project, before: unknown): Remembered {
  return isRemembered(before) && before.csvOnly === true ? { project: id, csvOnly: true } : { project: id };
}

/** Whether the stack refused to export Parquet in an earlier run. */
export function knowsCsvOnly(remembered: readonly unknown[]): boolean {
  return remembered.some((each) => isRemembered(each) && each.csvOnly === true);
}

function isRemembered(value: unknown): value is Remembered {
  return typeof value === 'object' && value !== null && 'project' in value && typeof value.project === 'string';
}

function projectOf({ owner }: TokenAnswer): Project {
  const jobs = Number(owner.limits['storage.jobsParallelism']?.value ?? 10);
  return {
    id: owner.id,
    name: owner.name ?? '',
    region: owner.region ?? null,
    backend: owner.defaultBackend ?? null,
    fileProvider: owner.fileStorageProvider ?? null,
    features: owner.features ?? [],
    parallelJobs: Number.isFinite(jobs) && jobs > 0 ? jobs : 10,
  };
}

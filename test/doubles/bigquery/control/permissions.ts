/** Who may do what. Everybody may do everything until a test takes it away. */
import { ServiceError } from '../rest/service-error.ts';

export type Permission =
  | 'bigquery.datasets.get'
  | 'bigquery.tables.list'
  | 'bigquery.tables.get'
  | 'bigquery.tables.getData'
  | 'bigquery.tables.create'
  | 'bigquery.jobs.create'
  | 'bigquery.jobs.list'
  | 'bigquery.readsessions.create'
  | 'bigquery.readsessions.getData'
  | 'serviceusage.services.use';

export interface Permissions {
  /** The identity all calls come from; credentials never reach a plaintext endpoint. */
  identity: string;
  /** Takes a permission from an identity: everywhere, or below a project, a dataset (p.d) or a table (p.d.t). */
  deny(permission: Permission, resource?: string, identity?: string): void;
  allow(permission: Permission, resource?: string, identity?: string): void;
  allows(permission: Permission, resource: string): boolean;
}

export function keepPermissions(identity: string): Permissions {
  const denied = new Set<string>();
  const key = (who: string, permission: string, resource: string) => `${who}|${permission}|${resource}`;
  const permissions: Permissions = {
    identity,
    deny: (permission, resource = '', who = permissions.identity) => denied.add(key(who, permission, resource)),
    allow: (permission, resource = '', who = permissions.identity) => denied.delete(key(who, permission, resource)),
    allows: (permission, resource) => {
      const parts = resource.split('.');
      const above = ['', ...parts.map((_, i) => parts.slice(0, i + 1).join('.'))];
      return !above.some((r) => denied.has(key(permissions.identity, permission, r)));
    },
  };
  return permissions;
}

/** 403 of a missing permission on a REST resource; kind and path as in "Table p:d.t". */
export function accessDenied(
  kind: 'Project' | 'Dataset' | 'Table',
  path: string,
  permission: Permission,
): ServiceError {
  const [project, ...rest] = path.split('.');
  const name = rest.length > 0 ? `${project}:${rest.join('.')}` : project;
  return new ServiceError(
    'accessDenied',
    `Access Denied: ${kind} ${name}: User does not have ${permission} permission in ${kind.toLowerCase()} ${name}, or perhaps it does not exist.`,
  );
}

/** The caller may not let this project pay. */
export function userProjectDenied(project: string): ServiceError {
  const message = `Caller does not have required permission to use project ${project}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.`;
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'USER_PROJECT_DENIED',
      domain: 'googleapis.com',
      metadata: { service: 'bigquery.googleapis.com', consumer: `projects/${project}` },
    },
  ];
  return new ServiceError('forbidden', message, { details });
}

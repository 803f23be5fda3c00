/** The Storage API itself: who is calling, with what right, for which route. */
import type { Incoming, Listening } from '../http/listener.ts';
import type { Reply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import { type Branch, defaultBranch, type Project, type Token } from '../world.ts';
import { ApiError, errorReply } from './errors.ts';
import { index } from './read-routes.ts';
import { findRoute } from './routes.ts';

export function storageListening(service: Service): Listening {
  return {
    name: 'storage',
    compress: true,
    identify(method, rawPath) {
      const { route, params } = findRoute(method, rawPath);
      return { route: route?.name ?? 'unknown', params };
    },
    inspect: (request) => inspect(service, request),
    answer: (request) => answer(service, request),
  };
}

function inspect({ violations, tokens }: Service, request: Incoming): void {
  const { entry, method, rawPath } = request;
  const found = findRoute(method, rawPath);
  if (found.branchPrefixedJob) violations.record('branch-prefixed-job', rawPath, entry);
  else if (found.wrongMethod) violations.record('wrong-method', `${method} ${rawPath}`, entry);
  else if (!found.route) violations.record('unknown-route', `${method} ${rawPath}`, entry);
  if (found.route && found.route.name !== 'index' && !tokenValue(request))
    violations.record('missing-token', rawPath, entry);
  if (tokens.some(({ value }) => entry.target.includes(value))) violations.record('token-in-url', rawPath, entry);
  for (const name of new Set(request.query.keys())) {
    if (found.route && !found.route.query.includes(name.replace(/\[.*$/, '')))
      violations.record('unknown-query', `${name} on ${found.route.name}`, entry);
  }
  if (method === 'GET' && request.body.length > 0) violations.record('body-on-get', rawPath, entry);
}

async function answer(service: Service, request: Incoming): Promise<Reply> {
  try {
    const { route, params, branchId } = findRoute(request.method, request.rawPath);
    if (!route) return errorReply(404, 'notFound', `No route found for ${request.method} ${request.rawPath}`);
    if (route.name === 'index') return index(service, request);
    const token = authenticate(service, request);
    const branch = findBranch(token.project, branchId);
    return await route.answer!({ service, request, params, token, project: token.project, branch });
  } catch (error) {
    if (error instanceof ApiError) return errorReply(error.status, error.code, error.message);
    throw error;
  }
}

function authenticate(service: Service, request: Incoming): Token {
  const value = tokenValue(request);
  const token = service.tokens.find((candidate) => candidate.value === value);
  if (!token) throw new ApiError(401, 'storage.tokenInvalid', 'Invalid access token');
  if (token.isDisabled) throw new ApiError(401, 'storage.tokenInvalid', 'Access token is disabled');
  if (token.expiresMs !== undefined && token.expiresMs <= service.clock.now()) {
    throw new ApiError(401, 'storage.tokenExpired', 'Access token has expired');
  }
  return token;
}

function tokenValue(request: Incoming): string | undefined {
  return request.headers['x-storageapi-token'] || /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function findBranch(project: Project, branchId: string | undefined): Branch {
  if (branchId === undefined || branchId === 'default') return defaultBranch(project);
  const branch = project.branches.find(({ id }) => String(id) === branchId);
  if (!branch) throw new ApiError(404, 'storage.devBranch.notFound', `Branch ${branchId} not found`);
  return branch;
}

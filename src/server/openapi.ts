/** The OpenAPI 3.1 document, made from the same records that validate and answer. */
import { z } from 'zod';
import { problemSchema } from './problem.ts';
import type { Answer, Route } from './route.ts';

type Json = Record<string, unknown>;

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  const named: Json = {};
  // Pages are for people.
  for (const route of routes.filter(({ path }) => /^\/(api|webhooks)\//.test(path))) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = hoisted(operation(route), named);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Data Attaché',
      version,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: hoisted(jsonSchema(problemSchema, 'output'), named), ...named },
    },
  };
}

function operation(route: Route): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(route.action === null ? { security: [] } : { 'x-action': route.action }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...requestBody(route),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, response(answer)])),
      default: {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** Raw bytes are taken whatever they are called. */
function requestBody({ body, rawBody }: Route): Json {
  if (rawBody !== undefined) return { requestBody: { required: true, content: { '*/*': {} } } };
  if (body === undefined) return {};
  return { requestBody: { content: { 'application/json': { schema: jsonSchema(body, 'input') } } } };
}

function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/api\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return [method.toLowerCase(), ...words].join('_');
}

function response(answer: Answer): Json {
  if (answer.schema !== undefined)
    return {
      description: answer.description,
      content: { 'application/json': { schema: jsonSchema(answer.schema, 'output') } },
    };
  if (answer.media !== undefined) return { description: answer.description, content: { [answer.media]: {} } };
  return { description: answer.description };
}

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, definition]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: definition,
  }));
}

/** Schemas with a name stand once, where the document keeps them, and not in each schema that refers to them. */
function hoisted<T>(value: T, named: Json): T {
  if (Array.isArray(value)) return value.map((inner) => hoisted(inner, named)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const { $defs = {}, $ref, ...rest } = value as Json & { $defs?: Json; $ref?: string };
  for (const [name, schema] of Object.entries($defs)) named[name] = hoisted(schema, named);
  const inner = Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, hoisted(entry, named)]));
  return ($ref === undefined ? inner : { ...inner, $ref: $ref.replace('#/$defs/', '#/components/schemas/') }) as T;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

/** What the operator writes of a webhook source. */
import { z } from 'zod';
import { identityFault } from '../../contract/identity.ts';

const name = z.string().refine((text) => identityFault(text) === null, {
  error: 'expected a name such as orders: lower-case letters, digits and _',
});

const path = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/, { error: 'expected members joined by dots, e.g. data.order.id' })
  .describe('Where it stands in the event, members joined by dots: data.order.id');

const types = ['VARCHAR', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP', 'DATE'] as const;

export const webhookSettings = z
  .strictObject({
    table: name
      // Its own tables are called after it.
      .max(63 - '_events'.length, { error: 'expected at most 56 characters' })
      .describe('The table the events fill.'),
    secret_env: z.string().min(1).optional().describe('Environment variable with the signing secret.'),
    secrets_env: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Several of them, while one secret replaces another.'),
    signature: z
      .enum(['standard-webhooks', 'hmac-sha256'])
      .default('standard-webhooks')
      .describe(
        '`standard-webhooks` reads webhook-id, webhook-timestamp and webhook-signature; `hmac-sha256` one header.',
      ),
    header: z
      .string()
      .regex(/^[a-z0-9-]+$/, { error: 'expected a header name in lower case, e.g. x-signature' })
      .optional()
      .describe(
        'hmac-sha256: the header with the hexadecimal digest, with or without `sha256=` before it; default x-signature.',
      ),
    key: z.array(name).min(1).describe('The columns that name a row.'),
    version: path.describe('What grows with every change of a row: a time or a number.'),
    columns: z
      .record(name, z.strictObject({ path, type: z.enum(types).default('VARCHAR') }))
      .describe('The columns of the table.'),
    deleted: path.optional().describe('Where `true` says that the row is deleted.'),
    max_body: z.number().int().min(1_024).max(26_214_400).default(1_048_576).describe('Largest event in bytes.'),
  })
  .refine(({ secret_env, secrets_env }) => secret_env !== undefined || secrets_env !== undefined, {
    error: 'missing: secret_env or secrets_env',
    path: ['secret_env'],
  })
  .refine(({ key, columns }) => key.every((column) => Object.hasOwn(columns, column)), {
    error: 'every key column must be among the columns',
    path: ['key'],
  })
  .refine(({ key }) => new Set(key).size === key.length, { error: 'names a column twice', path: ['key'] })
  .refine(({ header, signature }) => header === undefined || signature === 'hmac-sha256', {
    error: 'is read only where signature is hmac-sha256',
    path: ['header'],
  });

export type WebhookSettings = z.infer<typeof webhookSettings>;

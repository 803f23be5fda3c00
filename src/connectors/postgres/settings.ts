/** What a Postgres source is configured with. */
import { z } from 'zod';
import { secret } from '../secret.ts';

const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

export type TlsMode = (typeof tlsModes)[number];

const driver = z.enum(['auto', 'native', 'extension']);

export type Driver = z.infer<typeof driver>;

/** What a table may choose for itself. */
export const options = z.strictObject({
  driver: driver.optional().meta({ title: 'Driver', description: 'As in the source’s settings, for this table.' }),
});

const seconds = z.number().int().min(0).max(86_400);

export const settings = z
  .strictObject({
    url: secret()
      .optional()
      .meta({ title: 'Address', description: 'e.g. postgres://reader:password@db.example.com:5432/crm' }),
    url_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .meta({ title: 'Variable with the address', description: 'Environment variable that holds the address.' }),
    tls: z.enum(tlsModes).optional().meta({
      title: 'TLS',
      description:
        'disable: no encryption. require: encrypted, the server is not verified. verify-ca: its certificate is verified. verify-full (default for other hosts): its name too.',
    }),
    ca: z.string().min(1).optional().meta({
      title: 'Certificate authority',
      description: 'The certificate that signed the server’s, as PEM text or as the path of a PEM file.',
    }),
    driver: driver.default('auto').meta({
      title: 'Driver',
      description:
        'native reads with COPY and needs nothing; extension reads with DuckDB’s Postgres extension, faster, and fails where that cannot be used; auto takes the extension when it is there, else reads natively. The tables are the same.',
    }),
    connections: z.number().int().min(1).max(16).default(2).meta({
      title: 'Connections',
      description: 'How many tables or page ranges are read at once; one more connection holds the snapshot.',
    }),
    lock_timeout_seconds: seconds.default(30).meta({
      title: 'Lock timeout',
      description: 'A table that is locked for longer fails and is tried again at the next run; 0 waits.',
    }),
    statement_timeout_seconds: seconds.default(0).meta({
      title: 'Statement timeout',
      description: 'Longest time for one statement on the server; 0 for none.',
    }),
  })
  .refine((given) => (given.url === undefined) !== (given.url_env === undefined), {
    message: 'give either url or url_env',
    path: ['url'],
  });

export type Settings = z.infer<typeof settings>;

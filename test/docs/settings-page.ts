/** The page of all settings, made from the schemas that check them. */
import { z } from 'zod';
import { fileSchema } from '../../src/config/file-schema.ts';
import { connectorTypes, loadConnector } from '../../src/connectors/catalogue.ts';
import type { Connector } from '../../src/connectors/connector.ts';
import { tableOptions } from '../../src/connectors/table-options.ts';
import { environmentPaths } from '../../src/environment/environment.ts';

type Schema = z.core.JSONSchema.BaseSchema & { usually?: string };

const opening = `# Settings

Made from the schemas that check them; \`npx vitest run test/docs -u\` writes it anew. Flags beat environment beat \`instance.yaml\`, and \`da config show --origin\` says where each value comes from.
Every fault of the file is told at once, each at its line. What \`*\` marks must be given.`;

export async function settingsPage(): Promise<string> {
  const { sources, ...instance } = propertiesOf(fileSchema);
  const connectors = await Promise.all(connectorTypes.map(loadConnector));
  return [
    opening,
    '## The instance',
    settingsTable(flat(instance)),
    'The environment sets some of them:',
    table(
      ['variable', 'sets'],
      Object.entries(environmentPaths).map(([variable, path]) => [code(variable), code(path)]),
    ),
    '## Every source',
    'Under `sources:`, by its name, which is also the name of its folder: lower-case letters, digits and `_`.',
    settingsTable(flat(itemsOf(sources))),
    ...connectors.flatMap(chapter),
    '## Options of every table',
    'In `options` of a registered table. What a source cannot serve is refused with the reason. [How a table is kept up to date](sync-strategies.md) says what they do.',
    settingsTable(flat(propertiesOf(tableOptions))),
    '',
  ].join('\n\n');
}

function chapter({ type, title, summary, settings, options }: Connector): string[] {
  const own = flat(propertiesOf(options));
  return [
    `## ${title}: \`type: ${type}\``,
    summary,
    settingsTable(flat(propertiesOf(settings), requiredOf(settings))),
    ...(own.length === 0 ? [] : ['Options of its tables:', settingsTable(own)]),
  ];
}

type Row = [key: string, schema: Schema, required: boolean];

/** Sections become dotted keys. */
function flat(properties: Record<string, Schema>, required: readonly string[] = [], above = ''): Row[] {
  return Object.entries(properties).flatMap(([key, schema]): Row[] => {
    const path = `${above}${key}`;
    if (schema.properties !== undefined && schema.description === undefined)
      return flat(schema.properties as Record<string, Schema>, schema.required, `${path}.`);
    return [[path, schema, required.includes(key)]];
  });
}

function settingsTable(rows: Row[]): string {
  return table(
    ['key', 'value', 'default', 'meaning'],
    rows.map(([key, schema, required]) => {
      if (schema.description === undefined) throw new Error(`nothing says what ${key} means`);
      return [`${code(key)}${required ? ' *' : ''}`, kindOf(schema), defaultOf(schema), schema.description];
    }),
  );
}

function kindOf(schema: Schema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const).replaceAll('"', ''));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.anyOf !== undefined)
    return [...new Set((schema.anyOf as Schema[]).filter(({ type }) => type !== 'null').map(kindOf))]
      .filter((value) => value !== '')
      .join(' or ');
  if (schema.type === 'array') return `list of ${kindOf(schema.items as Schema)}`;
  if (schema.type === 'object') return 'map';
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'string' ? 'text' : 'number';
}

function defaultOf({ usually, default: constant }: Schema): string {
  if (usually !== undefined) return usually;
  if (constant === undefined || JSON.stringify(constant) === '{}') return '';
  return code(typeof constant === 'string' ? constant : JSON.stringify(constant));
}

const code = (text: string) => (text === '' ? '' : `\`${text}\``);

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

function propertiesOf(schema: z.ZodType): Record<string, Schema> {
  return jsonSchema(schema).properties as Record<string, Schema>;
}

function requiredOf(schema: z.ZodType): readonly string[] {
  return jsonSchema(schema).required ?? [];
}

function itemsOf(schema: Schema | undefined): Record<string, Schema> {
  return (schema!.additionalProperties as Schema).properties as Record<string, Schema>;
}

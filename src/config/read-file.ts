/** Reads `instance.yaml` into plain data that remembers the line of every key. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Document, LineCounter, parseDocument, type YAMLParseError } from 'yaml';
import { AttacheError } from '../errors/attache-error.ts';

export interface ConfigFile {
  /** Absolute path, or null when there is no file. */
  path: string | null;
  content: Record<string, unknown>;
  /** `instance.yaml:12` for a path of keys, or for the nearest one above it that is there. */
  place(keys: readonly PropertyKey[]): string;
}

export const noFile: ConfigFile = { path: null, content: {}, place: () => 'default' };

export function readConfigFile(path: string): ConfigFile {
  if (!existsSync(path)) {
    throw new AttacheError('config_invalid', {
      message: `There is no configuration file at ${path}.`,
      hint: 'Give another one with --config or DA_CONFIG.',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, uniqueKeys: true });
  const name = basename(path);
  if (document.errors.length > 0) {
    throw new AttacheError('config_invalid', {
      message: `${path} is not valid YAML.`,
      hint: 'Correct these lines.',
      faults: document.errors.map((error) => ({
        pointer: `${name}:${error.linePos?.[0].line ?? '?'}`,
        message: yamlFault(error),
      })),
    });
  }
  const content = plainData(document, path);
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new AttacheError('config_invalid', {
      message: `${path} must hold keys and values, e.g. "instance: { name: Acme }".`,
    });
  }
  const place = (keys: readonly PropertyKey[]): string => {
    for (let depth = keys.length; depth > 0; depth -= 1) {
      const range = nodeRange(document.getIn(keys.slice(0, depth), true));
      if (range !== null) return `${name}:${lines.linePos(range).line}`;
    }
    return name;
  };
  return { path, content: content as Record<string, unknown>, place };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new AttacheError('config_invalid', {
      message: `The configuration file ${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}.`,
      hint: 'Give a file that you may read with --config or DA_CONFIG.',
      cause: thrown,
    });
  }
}

function plainData(document: Document, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (thrown) {
    throw new AttacheError('config_invalid', {
      message: `${path} cannot be taken as plain data: ${thrown instanceof Error ? thrown.message : thrown}.`,
      hint: 'Write the values out instead of using aliases.',
      cause: thrown,
    });
  }
}

/** What the parser says, without the place it says again and the functions of its own that it recommends. */
function yamlFault({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; the configuration is one';
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}

function nodeRange(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null;
  return typeof node.range[0] === 'number' ? node.range[0] : null;
}

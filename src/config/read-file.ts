/** Reads `instance.yaml` into plain data that remembers the line of every key. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
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
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, uniqueKeys: true });
  const name = basename(path);
  if (document.errors.length > 0) {
    throw new AttacheError('config_invalid', {
      message: `${path} is not valid YAML:\n${document.errors.map((error) => `  ${name}:${error.linePos?.[0].line ?? '?'}: ${error.message.split('\n')[0]}`).join('\n')}`,
      hint: 'Correct these lines.',
      faults: document.errors.map((error) => ({
        pointer: `${name}:${error.linePos?.[0].line ?? '?'}`,
        message: error.message.split('\n')[0] ?? '',
      })),
    });
  }
  const content: unknown = document.toJS() ?? {};
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

function nodeRange(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null;
  return typeof node.range[0] === 'number' ? node.range[0] : null;
}

/** Gives a connector its settings and the secrets they name, and nothing else. */

import type { SourceConfig } from '../config/shapes.ts';
import { loadConnector } from '../connectors/catalogue.ts';
import type { Connector } from '../connectors/connector.ts';
import type { SourceContext } from '../connectors/source-context.ts';
import { namedEndpoints, readEnvironment } from '../environment/environment.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { ExtractRequest } from './shapes.ts';
import { sourceMemory } from './source-memory.ts';

export function connectorOf(source: SourceConfig): Promise<Connector> {
  return loadConnector(source.type);
}

export function sourceContext(
  connector: Connector,
  request: Pick<ExtractRequest, 'source' | 'secrets' | 'dataDirectory'>,
  signal: AbortSignal,
): SourceContext<unknown> {
  const { source, secrets } = request;
  return {
    source: source.name,
    settings: connector.settings.parse(source.settings),
    signal,
    endpoints: namedEndpoints(readEnvironment()),
    memory: sourceMemory(request),
    secret: (variable) => {
      const value = secrets[variable];
      if (value !== undefined && value !== '') return value;
      throw new AttacheError('settings_invalid', {
        message: `The source ${source.name} takes a secret from the environment variable ${variable}, which is not set.`,
        hint: `Set ${variable} for the process that runs \`da\`, e.g. \`export ${variable}=…\`.`,
      });
    },
  };
}

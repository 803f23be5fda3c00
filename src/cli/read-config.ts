/** The instance's configuration for commands that work on a data folder. */
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { InstanceConfig } from '../config/shapes.ts';
import type { Context } from './context.ts';

export interface ConfigOptions {
  dataDir?: string;
  config?: string;
  host?: string;
  port?: string;
}

export function addConfigOptions(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'the data folder (DA_DATA_DIR; default ./data)')
    .option('--config <file>', 'the configuration (DA_CONFIG; default ./instance.yaml)');
}

export function readConfig(options: ConfigOptions, { environment }: Context): Promise<InstanceConfig> {
  return loadConfig({ flags: options, environment, cwd: process.cwd() });
}

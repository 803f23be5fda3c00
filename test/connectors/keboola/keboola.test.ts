/** The conformance suite over a pretended Keboola project. */
import { faults, startKeboolaStorage } from '../../doubles/keboola-storage/index.ts';
import { connectorSuite } from '../../helpers/connector-suite.ts';
import { hasty } from '../../helpers/keboola-source.ts';

const variable = 'KEBOOLA_STORAGE_TOKEN';

connectorSuite({
  type: 'keboola',
  start: async () => {
    const { url, tokens, environment, control, stop } = await startKeboolaStorage({ sliceRows: 4 });
    Object.assign(process.env, environment);
    const known = new Set<string>();
    return {
      settings: { url, token_env: variable, limits: hasty },
      secrets: { [variable]: tokens.master },
      put: async (table, rows) => {
        const id = `in.c-main.${table}`;
        const columns = [
          { name: 'id', type: 'NUMBER', length: '18,0' },
          { name: 'name', type: 'VARCHAR' },
        ];
        control.clock.advance(10_000);
        if (!known.has(id)) await control.project.createTable({ id, columns, primaryKey: ['id'] });
        known.add(id);
        await control.project.load(
          id,
          rows.map((row) => [String(row.id), row.name]),
        );
        return { bucket: 'in.c-main', source_table: table };
      },
      break: async () => control.fail('*', faults.resetBeforeHeaders(), { times: Number.POSITIVE_INFINITY }),
      repair: async () => control.heal(),
      stop,
    };
  },
});

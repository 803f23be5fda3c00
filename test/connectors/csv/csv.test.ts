/** The conformance suite over a folder of files. */
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectorSuite } from '../../helpers/connector-suite.ts';

connectorSuite({
  type: 'csv',
  start: async (directory) => {
    const inbox = join(directory, 'inbox');
    await mkdir(inbox);
    // Each delivery is older than two seconds and newer than the one before.
    let age = 3_600_000;
    return {
      settings: { path: inbox },
      put: async (table, rows) => {
        const name = `${table.replaceAll('/', '_')}.csv`;
        const lines = rows.map(
          ({ id, name: text }) => `${id},${text === null ? '' : `"${text.replaceAll('"', '""')}"`}\n`,
        );
        const path = join(inbox, name);
        await writeFile(path, `id,name\n${lines.join('')}`);
        age -= 10_000;
        const time = new Date(Date.now() - age);
        await utimes(path, time, time);
        return { source_table: name };
      },
      break: () => rename(inbox, `${inbox}.away`),
      repair: () => rename(`${inbox}.away`, inbox),
      stop: () => rm(inbox, { recursive: true, force: true }),
    };
  },
});

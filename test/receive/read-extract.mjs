/** A reader that knows nothing of this project: opens an extract, asks every table of it, closes, again and again, until its parent says stop. */
import { DuckDBInstance } from '@duckdb/node-api';

const [, , file, table] = process.argv;
const outcome = { queries: 0, errors: [], disagreements: 0 };
let stop = false;
process.on('message', () => {
  stop = true;
});
process.send('ready');
while (!stop) {
  try {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1' });
    const db = await instance.connect();
    const { rows } = (await db.runAndReadAll('SELECT table_name, rows FROM _meta'))
      .getRowObjectsJS()
      .reduce((found, row) => (row.table_name === table ? row : found), {});
    const [[counted]] = (await db.runAndReadAll(`SELECT count(*) FROM "${table}"`)).getRowsJS();
    if (counted !== rows) outcome.disagreements += 1;
    outcome.queries += 1;
    db.disconnectSync();
    instance.closeSync();
  } catch (thrown) {
    outcome.errors.push(thrown.message);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
process.send(outcome);
process.disconnect();

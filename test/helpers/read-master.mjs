// A reader that knows nothing of this project: opens the master, asks, closes, again and again, until its parent says stop.
import { DuckDBInstance } from '@duckdb/node-api';

const [file, keep] = process.argv.slice(2);
const sql = `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM crm.items) AS items,
  (SELECT min(generation) FROM orders) AS a, (SELECT max(generation) FROM orders) AS b,
  (SELECT min(generation) FROM items) AS c, (SELECT max(generation) FROM crm.items) AS d`;
const outcome = { queries: 0, errors: [], mixed: 0, short: 0, generations: 0 };
const seen = new Set();
let stop = false;
process.on('message', () => {
  stop = true;
});
process.send('ready');
while (!stop) {
  try {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1' });
    const db = await instance.connect();
    // Some readers keep one opened master for a while, across several swaps.
    for (let round = 0; round < Number(keep) && !stop; round += 1) {
      const [row] = (await db.runAndReadAll(sql)).getRowObjectsJS();
      outcome.queries += 1;
      if (new Set([row.a, row.b, row.c, row.d]).size !== 1) outcome.mixed += 1;
      if (row.orders !== 100n || row.items !== 100n) outcome.short += 1;
      seen.add(row.a);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    db.disconnectSync();
    instance.closeSync();
  } catch (thrown) {
    outcome.errors.push(thrown.message);
  }
}
outcome.generations = seen.size;
process.send(outcome);
process.disconnect();

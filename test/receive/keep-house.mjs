/** Keeps the house of a pushed source as if a quarter of an hour had gone by: compacts, publishes, sweeps without grace; dies where it is told to. */
const [, , given, point] = process.argv;
const task = JSON.parse(given);
const { Applier } = await import('../../dist/receive/applier.js');
const { loadConnector } = await import('../../dist/connectors/catalogue.js');
const { createScratch } = await import('../../dist/publish/scratch.js');
const { armCrashPoint } = await import('../../dist/publish/crash-point.js');

const connector = await loadConnector(task.source.type);
task.source.settings = connector.settings.parse(task.source.settings);
const scratch = await createScratch(`${task.dataDirectory}/scratch`);
const applier = await Applier.open(task, connector, scratch.directory);
armCrashPoint(point);
const moved = await applier.compact(Date.now() + 900_000);
await applier.publishDue(true);
// A part's grace time begins when a sweep first finds it unnamed.
await applier.sweep();
await applier.sweep();
await applier.close();
console.log(JSON.stringify({ moved }));
process.exit(0);

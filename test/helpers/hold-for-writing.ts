/** Another process that holds a DuckDB file open for writing, as the program that makes an extract does. */
import { spawn } from 'node:child_process';

const program = `import { DuckDBInstance } from '@duckdb/node-api';
const instance = await DuckDBInstance.create(process.argv[1]);
const connection = await instance.connect();
for (const statement of process.argv.slice(2)) await connection.run(statement);
console.log('held');
setInterval(() => {}, 1000);`;

export async function holdForWriting(file: string, ...statements: string[]): Promise<{ kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file, ...statements], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const kill = () =>
    new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.kill('SIGKILL');
    });
  return { kill };
}

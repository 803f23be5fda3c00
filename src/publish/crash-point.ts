/** Named instants at which a kill must leave every table readable. A test arms one; in production the call costs a comparison. */

let armed: { name: string; after: number } | null = null;

/** Arms `name` (or `name:n` for its n-th passing): the process then dies there by SIGKILL, as if the machine lost power. */
export function armCrashPoint(spec: string): void {
  const [name = '', count = '1'] = spec.split(/:(?=\d+$)/);
  armed = { name, after: Number(count) };
}

/** Marks an instant of publishing or rebuilding. */
export function crashPoint(name: string): void {
  if (armed === null || armed.name !== name) return;
  armed.after -= 1;
  if (armed.after <= 0) process.kill(process.pid, 'SIGKILL');
}

/** Finds the compiled form of a child's module, also when the caller itself runs from source under a test. */
import { fileURLToPath } from 'node:url';

/** `compiledEntry(import.meta.url, './child')` is the path of `child.js` beside the compiled caller. */
export function compiledEntry(caller: string, module: string): string {
  const path = fileURLToPath(new URL(`${module}.js`, caller));
  return caller.endsWith('.ts') ? path.replace(/([\\/])src([\\/](?!.*[\\/]src[\\/]))/, '$1dist$2') : path;
}

/** What the demo tells the person who watches. */

import { relative } from 'node:path';

const bold = process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\u001b[1m${text}\u001b[0m` : (text) => text;

export function title(text) {
  console.log(`\n${bold(`== ${text}`)}`);
}

export function say(text) {
  console.log(text);
}

/** A command as one would type it. */
export function sayCommand(args) {
  const word = (text) => (/^[\w./:@=,-]+$/.test(text) ? text : `'${text}'`);
  console.log(`$ da ${args.map(word).join(' ')}`);
}

/** A path as short as it can be written from here. */
export function nearPath(path) {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** Takes pairs of marks such as `*bold*` and `{{code}}` off a line, in one walk along it for each kind. */

const marks = new Set('*_+^~-');
const before = /[\s([{\t]/;
const after = /[\s.,;:!?)\]}\t]/;
const space = /\s/;

/** A mark opens after a space or a bracket and closes before one or a stop; what stands between is left as it is. */
export function unmarkLine(line: string): string {
  const closers = closersOf(line);
  if (closers.size === 0) return line;
  const kept: string[] = [];
  let done = 0;
  for (let at = 0; at < line.length; at += 1) {
    const closer = opensAt(line, at) ? nextAfter(closers.get(line[at] as string), at + 1) : undefined;
    if (closer === undefined) continue;
    kept.push(line.slice(done, at), line.slice(at + 1, closer));
    at = closer;
    done = closer + 1;
  }
  return kept.join('') + line.slice(done);
}

/** Braces end at the first closing one, and only where that is doubled. */
export function unbraceLine(line: string): string {
  const kept: string[] = [];
  let done = 0;
  let closing = -1;
  for (let at = line.indexOf('{{'); at !== -1; at = line.indexOf('{{', at)) {
    if (closing < at) closing = line.indexOf('}', at);
    if (closing === -1) break;
    if (line[closing + 1] === '}') {
      kept.push(line.slice(done, at), line.slice(at + 2, closing));
      done = closing + 2;
      at = done;
    } else at += 1;
  }
  return kept.join('') + line.slice(done);
}

function opensAt(line: string, at: number): boolean {
  if (!marks.has(line[at] as string)) return false;
  return (
    (at === 0 || before.test(line[at - 1] as string)) && at + 1 < line.length && !space.test(line[at + 1] as string)
  );
}

/** Where each mark may close, from the end of the line to its start. */
function closersOf(line: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (let at = line.length - 1; at > 1; at -= 1) {
    const mark = line[at] as string;
    if (!marks.has(mark) || space.test(line[at - 1] as string)) continue;
    if (at + 1 < line.length && !after.test(line[at + 1] as string)) continue;
    if (!found.has(mark)) found.set(mark, []);
    found.get(mark)!.push(at);
  }
  return found;
}

/** Takes off those that are passed, so that all questions together walk along the list once. */
function nextAfter(positions: number[] | undefined, at: number): number | undefined {
  while (positions !== undefined && positions.length > 0 && (positions.at(-1) as number) <= at) positions.pop();
  return positions?.at(-1);
}

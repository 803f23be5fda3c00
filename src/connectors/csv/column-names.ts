/** Column names from a header, and which column of a file is which column of the table. */

/** Names as they are, without outer blanks; a blank one becomes `column_N`, a repeated one, also by case only, gets `_2`, `_3` … */
export function columnNames(header: readonly string[]): { names: string[]; notes: string[] } {
  const notes: string[] = [];
  const taken = new Set<string>();
  const written = new Set(header.map((name) => name.trim().toLowerCase()));
  const names = header.map((cell, index) => {
    const wanted = cell.trim() === '' ? `column_${index + 1}` : cell.trim();
    let name = wanted;
    // A generated name never takes one that stands in the header itself.
    for (
      let count = 2;
      taken.has(name.toLowerCase()) || (name !== wanted && written.has(name.toLowerCase()));
      count += 1
    ) {
      name = `${wanted}_${count}`;
    }
    taken.add(name.toLowerCase());
    if (cell.trim() === '') notes.push(`column ${index + 1} has no name and is called ${name}`);
    else if (name !== wanted) notes.push(`column ${index + 1} is a second ${wanted} and is called ${name}`);
    return name;
  });
  return { names, notes };
}

/** Names of a file without a header. */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`);
}

/** For each column of the table its position in the file, or null when the file lacks it; and the file's columns the table does not have. */
export function reconcile(
  table: readonly string[],
  file: readonly string[],
): { positions: (number | null)[]; extra: string[] } {
  const exact = new Map(file.map((name, index) => [name, index]));
  const folded = new Map(file.map((name, index) => [name.toLowerCase(), index]));
  const positions = table.map((name) => exact.get(name) ?? folded.get(name.toLowerCase()) ?? null);
  const used = new Set(positions);
  return { positions, extra: file.filter((_, index) => !used.has(index)) };
}

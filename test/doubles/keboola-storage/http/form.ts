/** Reads a form body with PHP's bracket names into nested values, as the service does. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };

export function parseForm(text: string): Record<string, FormValue> {
  const root: Record<string, FormValue> = {};
  for (const [name, value] of new URLSearchParams(text)) place(root, splitName(name), value);
  return Object.fromEntries(Object.entries(root).map(([key, value]) => [key, listify(value)]));
}

function splitName(name: string): string[] {
  const head = name.replace(/\[.*$/s, '');
  return [head, ...[...name.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

function place(node: Record<string, FormValue>, path: string[], value: string): void {
  const [first, ...rest] = path;
  const key = first === '' ? String(Object.keys(node).length) : first!;
  if (rest.length === 0) {
    node[key] = value;
    return;
  }
  if (typeof node[key] !== 'object') node[key] = {};
  place(node[key] as Record<string, FormValue>, rest, value);
}

function listify(value: FormValue): FormValue {
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, listify(inner)] as const);
  if (entries.length > 0 && entries.every(([key], index) => key === String(index))) return entries.map(([, v]) => v);
  return Object.fromEntries(entries);
}

/** Entity tags and the conditions that name them. */

/** A strong tag of a content hash. */
export function strongTag(hash: string): string {
  return `"${hash}"`;
}

/** Whether `If-None-Match` names `tag`; compared weakly, as for reads. */
export function matchesNone(header: string | undefined, tag: string): boolean {
  return header !== undefined && tagsOf(header).some((given) => given === '*' || opaque(given) === opaque(tag));
}

/** Whether `If-Match` lets a write through: absent, `*`, or naming `tag` strongly. */
export function matchesStrongly(header: string | undefined, tag: string): boolean {
  return header === undefined || tagsOf(header).some((given) => given === '*' || given === tag);
}

/** Whether `If-Range` allows a part of what `tag` names. A date never does: a time is no proof of equal bytes. */
export function allowsRange(header: string | undefined, tag: string): boolean {
  return header === undefined || header.trim() === tag;
}

function tagsOf(header: string): string[] {
  return header.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** Turns the site's wiki markup into the ADF document REST v3 answers: paragraphs, code blocks, links, mentions, bold. */
import type { Json } from './records.ts';

const inline = /\[~accountid:([^\]]+)\]|\[([^|\]]+)\|([^\]]+)\]|\*([^*\s][^*]*)\*/g;

export function toAdf(wiki: string): Json {
  return { type: 'doc', version: 1, content: wiki.split(/\n{2,}/).map(block) };
}

function block(text: string): Json {
  const code = /^\{code\}\n?([\s\S]*?)\n?\{code\}$/.exec(text);
  if (code) return { type: 'codeBlock', attrs: {}, content: [{ type: 'text', text: code[1] }] };
  return { type: 'paragraph', content: spans(text) };
}

function spans(text: string): Json[] {
  const nodes: Json[] = [];
  let done = 0;
  for (const match of text.matchAll(inline)) {
    pushText(nodes, text.slice(done, match.index));
    nodes.push(span(match));
    done = match.index + match[0].length;
  }
  pushText(nodes, text.slice(done));
  return nodes;
}

function span([, mention, linkText, href, bold]: RegExpMatchArray): Json {
  if (mention) return { type: 'mention', attrs: { id: mention, text: `@${mention}` } };
  if (href) return { type: 'text', text: linkText, marks: [{ type: 'link', attrs: { href } }] };
  return { type: 'text', text: bold, marks: [{ type: 'strong' }] };
}

function pushText(nodes: Json[], text: string): void {
  if (text !== '') nodes.push({ type: 'text', text });
}

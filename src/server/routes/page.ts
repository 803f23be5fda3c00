/** `GET /`: one static page that shows a person where they are. */
import { readFileSync } from 'node:fs';
import { defineRoute, type Route } from '../route.ts';

const files = [
  { path: '/', file: 'index.html', media: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', media: 'text/javascript; charset=utf-8' },
  { path: '/page.css', file: 'page.css', media: 'text/css; charset=utf-8' },
];

/** The page loads nothing from elsewhere and can be framed by nobody. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function pageRoutes(): Route[] {
  return files.map(({ path, file, media }) => {
    const content = readFileSync(new URL(`../web/${file}`, import.meta.url));
    return defineRoute({
      method: 'GET',
      path,
      summary: 'The page of the instance',
      action: null,
      answers: { 200: { description: 'The file', media } },
      handle: ({ reply }) => {
        reply.type(media).headers({ 'content-security-policy': policy, 'cache-control': 'no-cache' });
        return content;
      },
    });
  });
}

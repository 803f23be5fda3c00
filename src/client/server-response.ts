/** An answer whose body is still on its way. */
import type { Dispatcher } from 'undici';

export interface ServerResponse {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: Dispatcher.ResponseData['body'];
}

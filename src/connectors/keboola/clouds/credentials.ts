/** Fresh credentials for the objects of one file, shared by all that read it: renewed before they end, or when one reader finds them ended. */
import type { FileAnswer } from '../api/shapes.ts';
import type { ObjectStore } from './object-store.ts';
import { type Endpoints, storeOf } from './open-store.ts';

/** Share of the credentials' life after which they are renewed unasked. */
const usedLife = 0.8;

export class FileCredentials {
  readonly #read: () => Promise<FileAnswer>;
  readonly #endpoints: Endpoints;
  #store: ObjectStore;
  #takenAt = Date.now();
  #renewal: Promise<ObjectStore> | null = null;

  constructor(file: FileAnswer, endpoints: Endpoints, read: () => Promise<FileAnswer>) {
    this.#read = read;
    this.#endpoints = endpoints;
    this.#store = storeOf(file, endpoints);
  }

  async current(): Promise<ObjectStore> {
    const { expiresAt } = this.#store;
    const isWorn = expiresAt !== null && Date.now() > this.#takenAt + (expiresAt - this.#takenAt) * usedLife;
    // A clock that runs behind the stack’s makes all credentials look worn; once taken anew they are used as they are.
    return isWorn && expiresAt > this.#takenAt ? this.renew(this.#store) : this.#store;
  }

  /** Reads the file's detail once for all who found `stale` ended. */
  renew(stale: ObjectStore): Promise<ObjectStore> {
    if (this.#store !== stale) return Promise.resolve(this.#store);
    this.#renewal ??= this.#read()
      .then((file) => {
        this.#store = storeOf(file, this.#endpoints);
        this.#takenAt = Date.now();
        return this.#store;
      })
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }
}

/** Starts the double: five loopback listeners over one pretended service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock } from './clock.ts';
import { azureListening } from './clouds/azure-listener.ts';
import type { AzurePeer } from './clouds/azure-shared-key.ts';
import { Credentials } from './clouds/credentials.ts';
import { gcsListening } from './clouds/gcs-listener.ts';
import { ObjectStore } from './clouds/object-store.ts';
import { s3Listening } from './clouds/s3-listener.ts';
import { trapListening } from './clouds/trap-listener.ts';
import { Control } from './control/control.ts';
import { Database } from './data/database.ts';
import { FaultRules } from './faults/rules.ts';
import { Listener } from './http/listener.ts';
import { Journal } from './journal.ts';
import { seedProjects, seedTokens, type TokenValues } from './seed.ts';
import type { Service } from './service.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { storageListening } from './storage/storage-listener.ts';
import { findUnreachable, type Unreachable } from './unreachable.ts';
import { Violations } from './violations.ts';

export interface StartOptions extends Partial<Settings> {
  /** Keep rows in a file instead of memory: for benches. */
  diskBacked?: boolean;
  /** The one bucket that `tokens.readOneBucket` may read. */
  readableBucket?: string;
  /** An independent Azure Blob service (azurite) that receives the slices instead of the own listener. */
  azurePeer?: AzurePeer;
}

export interface KeboolaStorage {
  /** The stack's address, as a user configures it. */
  url: string;
  tokens: TokenValues;
  /** The variables by which clients find the clouds. */
  environment: { AWS_ENDPOINT_URL_S3: string; STORAGE_EMULATOR_HOST: string };
  /** A host that no credential may reach; `redirected` is where a redirect may lead without one. */
  trap: { url: string; redirected: string };
  /** Stacks that cannot be reached. */
  unreachable: Unreachable;
  control: Control;
  /** Ends everything; throws if the client broke the protocol and the test did not acknowledge it. */
  stop(): Promise<void>;
}

// Any 64 bytes do: the account exists only here.
const ownAccount = { account: 'kbcdouble', key: Buffer.alloc(64, 'keboola-double').toString('base64') };

export async function startKeboolaStorage(options: StartOptions = {}): Promise<KeboolaStorage> {
  const { diskBacked = false, readableBucket = 'in.c-main', azurePeer, ...settings } = options;
  const folder = mkdtempSync(join(tmpdir(), 'keboola-double-'));
  const clock = new Clock();
  const projects = seedProjects(clock);
  const { tokens, values } = seedTokens(clock, projects, readableBucket);
  let lastId = 1_000_000;
  const service: Service = {
    clock,
    settings: { ...defaultSettings, ...settings },
    folder,
    database: await Database.open(folder, diskBacked),
    store: new ObjectStore(),
    credentials: new Credentials(clock),
    journal: new Journal(),
    violations: new Violations(),
    faults: new FaultRules(),
    projects,
    tokens,
    jobs: [],
    files: [],
    cache: new Map(),
    azure: azurePeer ?? { ...ownAccount, blobEndpoint: '' },
    urls: { storage: '', s3: '', gcs: '', azure: '', trap: '' },
    cloudSkewMs: 0,
    nextId: () => {
      lastId += 1;
      return lastId;
    },
  };
  const open = (listening: Parameters<typeof Listener.open>[0]) => Listener.open(listening, service);
  const listeners = {
    storage: await open(storageListening(service)),
    s3: await open(s3Listening(service)),
    gcs: await open(gcsListening(service)),
    azure: await open(azureListening(service)),
    trap: await open(trapListening(service)),
  };
  for (const [name, { url }] of Object.entries(listeners)) service.urls[name as keyof typeof service.urls] = url;
  if (!azurePeer) service.azure.blobEndpoint = `${service.urls.azure}/${ownAccount.account}`;
  return {
    url: service.urls.storage,
    tokens: values,
    environment: { AWS_ENDPOINT_URL_S3: service.urls.s3, STORAGE_EMULATOR_HOST: service.urls.gcs },
    trap: { url: service.urls.trap, redirected: `${service.urls.trap}/redirected` },
    unreachable: await findUnreachable(service.urls.storage),
    control: new Control(service),
    async stop() {
      await Promise.all(Object.values(listeners).map((listener) => listener.stop()));
      await service.database.stop();
      rmSync(folder, { recursive: true, force: true });
      service.violations.assertNone();
    },
  };
}

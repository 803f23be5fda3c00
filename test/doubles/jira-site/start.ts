/** Starts a site: its REST server, its first users, and its sender when it has somewhere to send to. */
import { createContext } from './context.ts';
import { type Control, createControl } from './control.ts';
import { createSender, type Sender } from './delivery/sender.ts';
import { completeOptions, type FullOptions, type SiteOptions } from './options.ts';
import { createRestServer, startRestServer } from './rest/server.ts';
import { createSite, type JiraSite } from './site.ts';

export interface RunningJiraSite {
  /** Address of the REST side. */
  url: string;
  /** Address of the gateway through which scoped tokens work (Cloud). */
  gatewayUrl: string;
  site: JiraSite;
  control: Control;
  /** Sends by itself when `webhookUrl` is set; `settled()` waits for what is under way. */
  sender: Sender | undefined;
  stop(): Promise<void>;
}

export async function startJiraSite(options: SiteOptions): Promise<RunningJiraSite> {
  const full = completeOptions(options);
  let address = full.siteUrl ?? '';
  const context = createContext(full, () => address);
  const parts = createControl(context);
  const server = await startRestServer(createRestServer(parts));
  address = full.siteUrl ?? server.url;
  const sender = ownSender(full);
  if (sender) context.onDelivery = (delivery) => sender.enqueue({ delivery, identifier: delivery.identifier });
  const site = createSite(context);
  for (let i = 0; i < full.users; i++) site.users.create();
  return {
    url: server.url,
    gatewayUrl: `${server.url}/ex/jira/${full.auth.cloudId}`,
    site,
    control: parts.control,
    sender,
    stop: async () => {
      sender?.stop();
      await server.stop();
    },
  };
}

function ownSender({ webhookUrl, secret, minuteMilliseconds, seed }: FullOptions): Sender | undefined {
  if (webhookUrl === undefined) return undefined;
  return createSender({ url: webhookUrl, secret, minuteMilliseconds, seed });
}

import type { Config } from "#config.ts";
import type { PostmarkSettings } from "./postmark.ts";

/** How mail goes out by the settings: to Postmark, or to the dev mailbox. */
export function mailSettings(config: Config): PostmarkSettings {
  const { postmarkServerToken: token, mailFrom: from, publicUrl, mailStream, mailBroadcastStream } = config;
  const streams = { outbound: mailStream, broadcast: mailBroadcastStream };
  const settings = {
    from,
    publicUrl,
    streams,
    unsubscribe: config.mailUnsubscribe,
    tracking: config.mailTracking,
  };
  if (token !== undefined) return { ...settings, token };
  return { ...settings, token: "sandbox-howdah", endpoint: config.mailboxUrl };
}

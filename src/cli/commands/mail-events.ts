import { openSecret } from "#auth/secret.ts";
import { webhookSecretOf } from "#auth/webhook-secret.ts";
import { command } from "#cli/command.ts";
import { span } from "#cli/print.ts";
import { loadConfig } from "#config.ts";
import { messageOf } from "#errors.ts";

export const registerWebhooks = command({
  about:
    "Tell Postmark to call us about everything that happens to letters; again after PUBLIC_URL or its secret has changed",
  async offline({ print }) {
    const { registerWebhook, webhookOf } = await import("#mail/registration.ts");
    const { mailSettings } = await import("#mail/settings.ts");
    const config = loadConfig();
    const secret = webhookSecretOf(config.postmarkWebhookSecret, await openSecret(config));
    const webhook = webhookOf(config.publicUrl, secret);
    try {
      const { streams, unsubscribesAsWanted } = await registerWebhook(mailSettings(config), webhook);
      print.info(`The mail service calls ${webhook.url} about the streams ${streams.join(" and ")}.`);
      if (!unsubscribesAsWanted) print.error(twoWaysOut);
      return 0;
    } catch (error) {
      print.error(`The mail service does not take ${webhook.url}: ${messageOf(error)}`);
      return 1;
    }
  },
});

const twoWaysOut =
  "Postmark adds its own link to unsubscribe to broadcast letters, beside ours: ask its support to let you manage " +
  "unsubscribes on your own, then run this again; or set MAIL_UNSUBSCRIBE=postmark.";

export const sweepMail = command({
  about: "Ask the mail service for what its calls may not have told: suppressions, bounces, deliveries",
  async run({ db, print }) {
    await db.value(`select queue.dispatch('mail/sweep', '{"wanted": true}')`);
    print.info("A worker asks now: howdah mail:calls shows what came of it.");
  },
});

type Facts = {
  last_call: Date | null;
  waiting: number;
  outcomes: Record<string, number>;
  last_sweep: Date | null;
  swept: string | null;
};

type OddCall = { received_at: Date; outcome: string; problem: string | null; said: string };

export const listCalls = command({
  about: "Show what the mail service has told of letters this week, and what of it nobody understood",
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, values }) {
    const [facts] = await db.rows<Facts>("select * from mail.call_counts");
    const odd = await db.rows<OddCall>("select * from mail.odd_calls limit 50");
    if (values.json) return print.json({ ...facts, odd });
    const ago = (moment: Date | null | undefined) =>
      moment ? `${span((Date.now() - moment.getTime()) / 1000)} ago` : "never";
    print.line(`  last call   ${ago(facts?.last_call)}; ${facts?.waiting ?? 0} wait to be heard`);
    print.line(`  last sweep  ${ago(facts?.last_sweep)}${facts?.swept ? `: ${facts.swept}` : ""}`);
    print.table(
      ["outcome", "calls"],
      Object.entries(facts?.outcomes ?? {}).map(([name, count]) => [name, String(count)]),
    );
    if (odd.length > 0)
      print.table(
        ["received", "problem", "what it said"],
        odd.map((call) => [ago(call.received_at), call.problem ?? call.outcome, call.said]),
      );
  },
});

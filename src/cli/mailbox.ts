import type { Config } from "#config.ts";
import { AppError, codeOf } from "#errors.ts";
import { identityAt } from "#mailbox/identity.ts";
import { type Mailbox, startMailbox } from "#mailbox/mailbox.ts";
import { mailboxOptions } from "#mailbox/options.ts";
import { startLog } from "#ops/log.ts";

/** `npm start -- --only=mailbox`: in the foreground, without a database. Ends the process when the mailbox is off. */
export async function startMailboxAlone(config: Config): Promise<Mailbox> {
  if (!config.mailbox) {
    process.stdout.write("The mailbox is off: mail goes to Postmark. Set MAILBOX=on to have it.\n");
    process.exit(0);
  }
  startLog(config.logLevel);
  const mailbox = await startOrSay(config);
  process.stdout.write(`\nHowdah serves mailbox.\n\n  Mailbox ${" ".repeat(26)}${mailbox.url}\n\n`);
  return mailbox;
}

async function startOrSay(config: Config): Promise<Mailbox> {
  const options = mailboxOptions(config);
  try {
    return await startMailbox(options);
  } catch (error) {
    const url = `http://127.0.0.1:${options.port}`;
    if (codeOf(error) !== "CannotListen" || (await identityAt(url)) !== options.file) throw error;
    throw new AppError(
      "MailboxRuns",
      `The mailbox of this folder already runs at ${url}: use it, or stop it first.`,
    );
  }
}

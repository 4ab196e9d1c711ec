import { AppError } from "#errors.ts";
import { createPostmark, type Postmark, type PostmarkSettings } from "./postmark.ts";

/** What tasks send mail with. */
export type MailTransport = Postmark;

/** Called once by the composition root, before the worker starts. */
export function configureMail(settings: PostmarkSettings): MailTransport {
  configured = createPostmark(settings);
  return configured;
}

/** Throws AppError `MailNotConfigured`: the job fails and is tried again; no letter is touched. */
export function mailTransport(): MailTransport {
  if (configured) return configured;
  throw new AppError(
    "MailNotConfigured",
    "mail is not configured: call configureMail before the worker starts",
  );
}

let configured: MailTransport | undefined;

import type { App, Part } from "#app.ts";
import { linksFor, ownerToken } from "#auth/sessions.ts";
import type { Config } from "#config.ts";

const demoPeople = new Map([
  ["wulan@school.example", "teacher"],
  ["bima@school.example", "student"],
  ["citra@school.example", "student"],
]);

/** What the start prints: where everything is, and in a demo how to get in. */
export async function banner(config: Config, app: App, wanted: ReadonlySet<Part>): Promise<string> {
  const socket = config.publicUrl.replace(/^http/, "ws");
  const rows = [
    wanted.has("api") && ["Web app", `${config.publicUrl}/`],
    wanted.has("api") && ["GraphQL", `${config.publicUrl}/graphql`],
    wanted.has("api") && !config.production && ["GraphiQL", `${config.publicUrl}/graphiql`],
    wanted.has("relay") && ["Websocket", `${socket}/realtime/v1/websocket`],
    app.mailboxUrl && ["Mailbox", `${app.mailboxUrl} (all mail goes there; open to all who reach this port)`],
    app.psql && ["Database", app.psql],
    ...(wanted.has("api") ? await wayInRows(config, app) : []),
  ].filter((row) => Array.isArray(row));
  const lines = rows.map(([name = "", value]) => `  ${name.padEnd(34)}${value}`);
  const served = [...wanted].filter((part) => part !== "mailbox" || config.mailbox);
  return `\nHowdah serves ${served.join(", ")}.\n\n${lines.join("\n")}\n\n`;
}

function wayInRows(config: Config, app: App): Promise<string[][]> {
  return config.demo ? signInRows(config, app) : ownerRows(config, app);
}

/** Until somebody has opened one of them; there is never a default password. */
async function ownerRows(config: Config, app: App): Promise<string[][]> {
  const token = await ownerToken(app.db);
  return token ? [["Become the owner (once, for a day)", `${config.publicUrl}/sign-in#${token}`]] : [];
}

/** The links are single-use and live for a day; each start makes new ones. */
async function signInRows(config: Config, app: App): Promise<string[][]> {
  const links = await linksFor(app.db, [...demoPeople.keys()]);
  return [...demoPeople].flatMap(([address, role]) =>
    links
      .filter((link) => link.address === address)
      .map(({ name, token }) => [`Sign in as ${role} ${name}`, `${config.publicUrl}/sign-in#${token}`]),
  );
}

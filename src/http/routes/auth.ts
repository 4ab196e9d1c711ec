import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as v from "valibot";
import { mintToken } from "#auth/jwt.ts";
import * as sessions from "#auth/sessions.ts";
import { AppError } from "#errors.ts";
import { refuseForeignPages } from "#http/origin-check.ts";
import type { Surface } from "#http/routes.ts";
import { isObject } from "#lib/is-object.ts";

const cookieName = "howdah_session";
const rateLimit = { max: 120, timeWindow: "1 minute" }; // a class that signs in behind one address is not an attack

/** Sign-in by mailed link or code; the session lives in an HttpOnly cookie, the JWT only in the page's memory. */
export function authRoutes({ db, config, jwtSecret }: Surface) {
  return async (app: FastifyInstance) => {
    app.addHook("onRequest", refuseForeignPages(config));

    app.post("/auth/request-link", { config: { rateLimit } }, async (request, reply) => {
      const { email } = read(LinkRequest, request.body);
      await sessions.requestLink(db, email);
      return reply.code(202).send({});
    });

    app.post("/auth/sign-in", { config: { rateLimit } }, async (request, reply) => {
      const signedIn = await signIn(request);
      setCookie(reply, signedIn.sessionToken);
      return access(signedIn.holder);
    });

    app.post("/auth/token", async (request, reply) => {
      const sessionToken = sessionTokenOf(request);
      const holder = sessionToken ? await sessions.holderOf(db, sessionToken) : null;
      if (!sessionToken || !holder) throw notSignedIn();
      setCookie(reply, sessionToken);
      return reply.send(await access(holder));
    });

    app.post("/auth/sign-out", async (request, reply) => {
      const sessionToken = sessionTokenOf(request);
      if (sessionToken) await sessions.signOut(db, sessionToken);
      return reply.clearCookie(cookieName, { path: "/auth" }).code(204).send();
    });
  };

  async function signIn(request: FastifyRequest): Promise<sessions.SignedIn> {
    const userAgent = request.headers["user-agent"] ?? "";
    if (isObject(request.body) && "code" in request.body) {
      const signedIn = await sessions.signInByCode(db, read(CodeSignIn, request.body), userAgent);
      if (signedIn) return signedIn;
      throw codeIsGone();
    }
    const { token } = read(LinkSignIn, request.body);
    const signedIn = await sessions.signIn(db, token, userAgent);
    if (signedIn) return signedIn;
    throw linkIsGone();
  }

  async function access({ id, name, session_id }: sessions.Holder) {
    const expiresAt = new Date(Date.now() + sessions.accessTokenLifetime * 1000).toISOString();
    const claims = { sub: id, role: "authenticated" as const, session_id };
    return {
      accessToken: await mintToken(claims, jwtSecret, sessions.accessTokenLifetime),
      expiresAt,
      person: { id, name },
    };
  }

  function setCookie(reply: FastifyReply, sessionToken: string): void {
    reply.setCookie(cookieName, sessionToken, {
      path: "/auth",
      httpOnly: true,
      sameSite: "lax",
      secure: config.publicUrl.startsWith("https:"),
      maxAge: sessions.sessionLifetime,
    });
  }
}

function sessionTokenOf(request: FastifyRequest): string | undefined {
  const token = request.cookies[cookieName];
  return token && /^[\w-]{43}$/.test(token) ? token : undefined;
}

const email = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u, "must be an e-mail address"),
  v.maxLength(254),
);

const LinkRequest = v.object({ email });

const CodeSignIn = v.object({
  email,
  code: v.pipe(v.string(), v.regex(/^\d{6}$/, "must be the six digits of the letter")),
});

const LinkSignIn = v.object({
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,200}$/, "must be what stands after the # of a link")),
});

function read<Shape extends v.GenericSchema>(
  shape: Shape,
  body: FastifyRequest["body"],
): v.InferOutput<Shape> {
  const result = v.safeParse(shape, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = issue.path?.map(({ key }) => key).join(".") ?? "body";
  throw new AppError("BadInput", `${field}: ${issue.message}`, { status: 422 });
}

function linkIsGone(): AppError {
  return new AppError("LinkIsGone", "This link has been used or has expired: ask for a new one.", {
    status: 410,
  });
}

function codeIsGone(): AppError {
  const message = "This code is wrong, has been used or has expired: look at it again, or ask for a new one.";
  return new AppError("CodeIsGone", message, { status: 410 });
}

function notSignedIn(): AppError {
  return new AppError("NotSignedIn", "Nobody is signed in: open a sign-in link.", { status: 401 });
}

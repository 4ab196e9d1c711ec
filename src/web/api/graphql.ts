import { reach, readJson } from "./http.ts";
import { Problem } from "./problem.ts";
import { freshToken, replacementFor } from "./session.ts";

type Fault = { message: string; extensions?: { code?: string; field?: string } };
type Answer<T> = { data?: T | null; errors?: Fault[] };

/** Runs one GraphQL operation as the signed-in person; a refused token is renewed once. Throws Problem. */
export async function graphql<T>(query: string, variables: object = {}): Promise<T> {
  const token = await freshToken();
  try {
    return await run<T>(query, variables, token);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    return run<T>(query, variables, await replacementFor(token));
  }
}

/** Runs one mutation by its name and gives what was selected of its payload. Throws Problem. */
export async function mutate<T = unknown>(
  name: string,
  input: object,
  selection = "clientMutationId",
): Promise<T> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const text = `mutation Do($input: ${type}!) { ${name}(input: $input) { ${selection} } }`;
  return (await graphql<Record<string, T>>(text, { input }))[name] as T;
}

async function run<T>(query: string, variables: object, token: string | null): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json", Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = JSON.stringify({ query, variables });
  const response = await reach("/graphql", { method: "POST", headers, body });
  const answer = (await readJson(response)) as Answer<T> | null;
  const error = answer?.errors?.[0];
  if (error) throw problemOf(error, response.status);
  if (!response.ok || !answer?.data) throw problemOf({ message: "" }, response.status);
  return answer.data;
}

const STATUS_OF: Record<string, number> = {
  HW401: 401,
  HW403: 403,
  HW404: 404,
  HW409: 409,
  HW422: 422,
};

function problemOf({ message, extensions }: Fault, status: number): Problem {
  const { code = "", field } = extensions ?? {};
  const known = STATUS_OF[code];
  if (known) return new Problem(code, message, known, field);
  if (status === 401) return new Problem("HW401", "Please sign in again.", 401);
  return new Problem(code || "server", "Howdah has trouble at the moment. Please try again shortly.", 500);
}

/**
 * Who asks. Staff (a teacher), student, classmate (both minors) and member share a group, which somebody else owns;
 * foreigner owns another group.
 */
export const actors = [
  "anon",
  "owner", // of the community
  "staff",
  "student",
  "classmate",
  "guardian", // of the student; in no group
  "member",
  "foreigner",
  "loner", // in no group
  "service", // service_role
  "api", // howdah_api before it takes a role
  "laravel", // howdah_laravel
] as const;

export type Actor = (typeof actors)[number];
export type Verb = "select" | "insert" | "update" | "delete";

export const inGroup = ["staff", "student", "classmate", "member"] as const satisfies Actor[];
export const signedIn = ["owner", ...inGroup, "guardian", "foreigner", "loner"] as const satisfies Actor[];

/**
 * What a noun allows, to whom. SQL may name `:owner` … `:loner` (person ids), `:group`, `:otherGroup`, and the rows of
 * its own noun.
 */
export type Rights = {
  /** Rows of the world by name, made in this order with the claims of staff; each statement answers one value. */
  rows?: Record<string, string>;
  /** Who sees a row that is there: the condition that finds it, and by whom it is found. */
  reads?: Record<string, { where: string; by: readonly Actor[] }>;
  /** Calls and statements; whoever is not named is refused, or moves nothing. */
  acts?: Record<string, readonly Actor[]>;
  /** What nobody may, and its twin that differs in the argument that is wrong and that staff may. */
  never?: Record<string, string>;
  /** Private topics of realtime. */
  topics?: Record<string, { hear: readonly Actor[]; speak: readonly Actor[] }>;
  /** Tables and views of which nobody may do anything. */
  closed?: readonly string[];
  /** Tables that are written without a function in between, and by which roles. */
  writes?: Record<string, Partial<Record<Verb, readonly Actor[]>>>;
  functions?: Functions;
};

export type Functions = {
  /** For anon, who is told to sign in (HW401), and for authenticated. */
  mutations?: readonly string[];
  /** For authenticated alone. */
  signedIn?: readonly string[];
  /** For anon too, and of use to them. */
  open?: readonly string[];
  /** For anon, authenticated and service_role. */
  service?: readonly string[];
};

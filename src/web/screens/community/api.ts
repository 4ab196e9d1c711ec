import { graphql, mutate } from "../../api/graphql.ts";

export type MinorsChatWith = "nobody" | "teachers" | "guardian-present" | "everybody";
export type Community = {
  name: string;
  colour: string;
  locale: string;
  timeZone: string;
  studentsAreMinors: boolean;
  minorsChatWith: MinorsChatWith;
  guardiansGetGrades: boolean;
};

const FIELDS = "name colour locale timeZone studentsAreMinors minorsChatWith guardiansGetGrades";

export async function loadCommunity(): Promise<Community> {
  const { community } = await graphql<{ community: Community }>(
    `query Community { community { ${FIELDS} } }`,
  );
  return community;
}

/** What is not given stays. */
export async function updateCommunity(change: Partial<Community>): Promise<Community> {
  const { result } = await mutate<{ result: Community }>("updateCommunity", change, `result { ${FIELDS} }`);
  return result;
}

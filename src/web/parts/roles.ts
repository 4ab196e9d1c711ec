import type { Role } from "../api/rooms.ts";

export const ROLE_WORDS: Record<Role, string> = {
  owner: "Owner",
  teacher: "Teacher",
  student: "Student",
  parent: "Parent",
  member: "Member",
};

import { inGroup, type Rights, signedIn } from "../support/rights/noun.ts";

export default {
  rows: {
    address: "select id from app.email_addresses where person_id = :student",
    membership: "select id from app.memberships where person_id = :student",
    guardianship: "select id from app.guardianships where child_id = :student",
  },
  reads: {
    "app.people": { where: "id = :student", by: inGroup },
    "app.groups": { where: "id = :group", by: inGroup },
    "app.memberships": { where: "id = :membership", by: inGroup },
    "app.guardianships": { where: "id = :guardianship", by: ["student", "guardian"] },
  },
  acts: {
    "app.me()": signedIn,
    "app.community()": ["anon", ...signedIn],
    "app.is_community_owner()": ["owner"],
    "app.is_staff_of(:group)": ["owner", "staff"],
    "app.is_owner_of(:group)": ["owner"],
    "app.is_owner_of(:otherGroup)": ["owner", "foreigner"],
    "app.current_role_in(:group)": inGroup,
    "app.current_child_ids()": ["guardian"],
    "app.invite_to_class(:group, 'new@school.example', 'New', 'student')": ["staff"],
  },
  closed: ["app.community", "app.email_addresses", "app.sign_in_links", "app.sessions"],
  functions: {
    mutations: ["app.invite_to_class"],
    open: ["app.me", "app.community"],
    signedIn: [
      "app.current_group_ids",
      "app.current_peer_ids",
      "app.current_role_in",
      "app.current_child_ids",
      "app.current_staff_group_ids",
      "app.is_community_owner",
      "app.is_staff_of",
      "app.is_owner_of",
    ],
    service: ["app.claims", "app.current_person_id", "app.require_person_id"],
  },
} satisfies Rights;

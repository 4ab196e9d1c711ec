import { inGroup, type Rights } from "../support/rights/noun.ts";

const staff = ["owner", "staff"] as const;

export default {
  rows: {
    assignment: "select (grades.create_assignment(:group, 'Essay', gen_random_uuid(), max_points => 10)).id",
    hidden: "select (grades.create_assignment(:group, 'Draft', gen_random_uuid(), max_points => 10)).id",
    grade:
      "select id from grades.set_grades(:assignment, array[(:student, 7, null, '')]::grades.grade_entry[])",
    draft:
      "select id from grades.set_grades(:hidden, array[(:student, 3, null, 'weak')]::grades.grade_entry[])",
    redraft:
      "select id from grades.set_grades(:hidden, array[(:student, 4, null, 'still weak')]::grades.grade_entry[])",
    release: "select (grades.release_grades(array[:assignment]::uuid[], gen_random_uuid(), 60)).id",
    correction:
      "select id from grades.set_grades(:assignment, array[(:student, 8, null, '')]::grades.grade_entry[])",
  },
  reads: {
    "grades.assignments": { where: "id = :assignment", by: ["owner", ...inGroup, "guardian"] },
    "grades.grades": { where: "id = :grade", by: [...staff, "student", "guardian"] },
    "grades.grade_changes": { where: "grade_id = :grade", by: [...staff, "student", "guardian"] },
    "grades.releases": { where: "id = :release", by: staff },
  },
  acts: {
    "select 1 from grades.grades where id = :draft": staff,
    "grades.create_assignment(:group, 'Essay', gen_random_uuid(), max_points => 10)": staff,
    "grades.update_assignment(:assignment, 'Other')": staff,
    "grades.set_grades(:hidden, array[(:student, 9, null, '')]::grades.grade_entry[])": staff,
    "grades.release_grades(array[:hidden]::uuid[], gen_random_uuid())": staff,
    "grades.undo_release(:release)": staff,
    "grades.release_preview(array[:hidden]::uuid[])": staff,
  },
  never: {
    "grades.set_grades(:hidden, array[(:loner, 9, null, '')]::grades.grade_entry[])":
      "grades.set_grades(:hidden, array[(:classmate, 9, null, '')]::grades.grade_entry[])",
    "grades.set_grades(:hidden, array[(:member, 9, null, '')]::grades.grade_entry[])":
      "grades.set_grades(:hidden, array[(:classmate, 9, null, '')]::grades.grade_entry[])",
  },
  functions: {
    mutations: [
      "grades.create_assignment",
      "grades.release_grades",
      "grades.release_preview",
      "grades.set_grades",
      "grades.undo_release",
      "grades.update_assignment",
    ],
    signedIn: ["grades.current_graded_child_ids", "grades.current_graded_group_ids"],
  },
} satisfies Rights;

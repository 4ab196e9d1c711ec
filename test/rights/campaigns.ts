import { type Rights, signedIn } from "../support/rights/noun.ts";

const staff = ["owner", "staff"] as const;

export default {
  rows: {
    campaign: `select (campaigns.create_campaign('Fees', 'Fees', 'Dear #name, #extra', gen_random_uuid(), :group,
      array[:group]::uuid[], tags => array[('extra', 'text', 'x')]::campaigns.merge_tag_entry[])).id`,
    values:
      "select count(*) from campaigns.set_merge_values(:campaign, array[(:student, 'extra', 'y')]::campaigns.merge_value_entry[])",
    pledge:
      "select id from campaigns.set_pledges('Fees', array[(:student, 1000, 'EUR', null)]::campaigns.pledge_entry[], :group)",
    payment: "select (campaigns.record_payment(:pledge, 500, gen_random_uuid())).id",
    sent: `select (campaigns.create_campaign('Sent', 'Fees', 'Dear #name', gen_random_uuid(), :group, array[:group]::uuid[])).id`,
    recipient: `insert into campaigns.campaign_recipients (campaign_id, person_id, state, reason) values (:sent, :student, 'skipped', 'minor') returning id`,
  },
  reads: {
    "campaigns.campaigns": { where: "id = :campaign", by: staff },
    "campaigns.merge_tags": { where: "campaign_id = :campaign", by: staff },
    "campaigns.merge_values": { where: "person_id = :student", by: staff },
    "campaigns.campaign_recipients": { where: "campaign_id = :sent", by: staff },
    "campaigns.pledges": { where: "id = :pledge", by: [...staff, "student"] },
    "campaigns.payments": { where: "id = :payment", by: [...staff, "student"] },
    "campaigns.currencies": { where: "code = 'EUR'", by: signedIn },
  },
  acts: {
    "campaigns.create_campaign('n', 's', 'b', gen_random_uuid(), :group, array[:group]::uuid[])": staff,
    "campaigns.create_campaign('n', 's', 'b', gen_random_uuid(), null, audience_person_ids => array[:student]::uuid[])":
      ["owner"],
    "campaigns.create_campaign('n', 's', 'b', gen_random_uuid(), :otherGroup, audience_person_ids => array[:student]::uuid[])":
      ["owner"],
    "campaigns.create_campaign('n', 's', 'b', gen_random_uuid(), :otherGroup, array[:group]::uuid[])": [
      "owner",
    ],
    "campaigns.update_campaign(:campaign, 'Other')": staff,
    "campaigns.preview_campaign(:campaign)": staff,
    "campaigns.campaign_forecast(:campaign)": staff,
    "campaigns.campaign_board(:campaign)": staff,
    "campaigns.campaign_recipients(:sent)": staff,
    "campaigns.test_campaign(:campaign, gen_random_uuid())": staff,
    "campaigns.send_campaign(:campaign)": staff,
    "campaigns.cancel_campaign(:campaign)": staff,
    "campaigns.set_pledges('Fees', array[(:student, 1, 'EUR', null)]::campaigns.pledge_entry[], :group)":
      staff,
    "campaigns.set_pledges('Fees', array[(:student, 1, 'EUR', null)]::campaigns.pledge_entry[], :otherGroup)":
      ["owner"],
    "campaigns.set_pledges('Fees', array[(:loner, 1, 'EUR', null)]::campaigns.pledge_entry[], :group)": [
      "owner",
    ],
    "campaigns.set_merge_values(:campaign, array[(:loner, 'extra', 'y')]::campaigns.merge_value_entry[])": [
      "owner",
    ],
    "campaigns.record_payment(:pledge, 1, gen_random_uuid())": staff,
  },
  never: {
    "select 1 from campaigns.preview_campaign(:campaign, :loner) where person_id = :loner":
      "select 1 from campaigns.preview_campaign(:campaign, :member) where person_id = :member",
  },
  topics: { "campaign:{campaign}": { hear: staff, speak: [] } },
  closed: ["campaigns.campaign_progress", "campaigns.campaign_settings"],
  functions: {
    mutations: [
      "campaigns.campaign_board",
      "campaigns.campaign_forecast",
      "campaigns.campaign_recipients",
      "campaigns.cancel_campaign",
      "campaigns.create_campaign",
      "campaigns.pause_campaign",
      "campaigns.preview_campaign",
      "campaigns.record_payment",
      "campaigns.resend_campaign",
      "campaigns.resume_campaign",
      "campaigns.send_campaign",
      "campaigns.set_merge_values",
      "campaigns.set_pledges",
      "campaigns.test_campaign",
      "campaigns.update_campaign",
    ],
    signedIn: [
      "campaigns.campaign_recipients_outcome",
      "campaigns.is_in_topic",
      "campaigns.pledges_balance",
      "campaigns.pledges_paid_amount",
    ],
  },
} satisfies Rights;

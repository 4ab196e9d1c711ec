import { CURRENCY, type Currency } from "../../api/currencies.ts";
import { graphql, mutate } from "../../api/graphql.ts";
import { allNodes, PAGE_INFO, type PageOf } from "../../api/pages.ts";
import type { Person } from "../../api/session.ts";

/** What somebody promised to pay; amounts are in the smallest unit of the currency. */
export type Pledge = {
  id: string;
  person: Person;
  groupId: string | null;
  groupName: string | null;
  purpose: string;
  amount: bigint;
  paid: bigint;
  balance: bigint;
  currency: Currency;
  dueOn: string | null;
};
export type Payment = {
  id: string;
  amount: bigint;
  paidOn: string;
  reference: string;
  recorder: string | null;
};

type Row = Pick<Pledge, "id" | "purpose" | "dueOn"> & {
  amount: string;
  paidAmount: string;
  balance: string;
  person: Person | null;
  group: { id: string; name: string } | null;
  moneyOf: Currency;
};

const FIELDS = `id purpose dueOn amount paidAmount balance person { id name } group { id name } moneyOf { ${CURRENCY} }`;

/** The pledges of a group or, without one, of the community. */
export function loadPledges(groupId: string | null): Promise<Pledge[]> {
  return pledgesWhere({ groupId: groupId ? { equalTo: groupId } : { isNull: true } });
}

export function loadOwnPledges(personId: string): Promise<Pledge[]> {
  return pledgesWhere({ personId: { equalTo: personId } });
}

async function pledgesWhere(filter: object): Promise<Pledge[]> {
  const rows = await allNodes<Row>(async (after) => {
    const { pledges } = await graphql<{ pledges: PageOf<Row> }>(
      `query Pledges($filter: PledgeFilter!, $after: Cursor) {
        pledges(first: 100, after: $after, filter: $filter) { nodes { ${FIELDS} } ${PAGE_INFO} }
      }`,
      { filter, after },
    );
    return pledges;
  });
  return rows.map(fromRow).sort((a, b) => a.person.name.localeCompare(b.person.name));
}

function fromRow({ person, group, moneyOf, amount, paidAmount, balance, ...row }: Row): Pledge {
  return {
    ...row,
    person: person ?? { id: "", name: "Former member" },
    groupId: group?.id ?? null,
    groupName: group?.name ?? null,
    amount: BigInt(amount),
    paid: BigInt(paidAmount),
    balance: BigInt(balance),
    currency: moneyOf,
  };
}

/** The latest first. */
export async function loadPayments(pledgeId: string): Promise<Payment[]> {
  type PaymentRow = Omit<Payment, "amount" | "recorder"> & { amount: string; recorder: Person | null };
  const { pledge } = await graphql<{ pledge: { payments: { nodes: PaymentRow[] } } | null }>(
    `query Payments($id: UUID!) {
      pledge(id: $id) {
        payments(first: 100, orderBy: [PAID_ON_DESC]) { nodes { id amount paidOn reference recorder { name } } }
      }
    }`,
    { id: pledgeId },
  );
  return (pledge?.payments.nodes ?? []).map((row) => ({
    ...row,
    amount: BigInt(row.amount),
    recorder: row.recorder?.name ?? null,
  }));
}

export type PledgeEntry = { personId: string; amount: bigint; currency: string; dueOn: string | null };

/** A person has one pledge per purpose: another one takes its place, its payments stay. */
export async function setPledge(groupId: string | null, purpose: string, entry: PledgeEntry): Promise<void> {
  const pledges = [{ ...entry, amount: String(entry.amount) }];
  await mutate("setPledges", { groupId, purpose, pledges });
}

export type NewPayment = {
  pledgeId: string;
  amount: bigint;
  paidOn: string;
  reference: string;
  clientId: string;
};

export async function recordPayment({ amount, ...payment }: NewPayment): Promise<void> {
  await mutate("recordPayment", { ...payment, amount: String(amount) });
}

/** Who can promise something to a group or, without one, to the community, by name. */
export async function loadPledgers(groupId: string | null): Promise<Person[]> {
  const people = await (groupId ? peopleOfGroup(groupId) : everybody());
  return people.sort((a, b) => a.name.localeCompare(b.name));
}

async function peopleOfGroup(id: string): Promise<Person[]> {
  type Data = { group: { memberships: PageOf<{ person: Person | null }> } | null };
  const rows = await allNodes<{ person: Person | null }>(async (after) => {
    const { group } = await graphql<Data>(
      `query Pledgers($id: UUID!, $after: Cursor) {
        group(id: $id) { memberships(first: 100, after: $after) { nodes { person { id name } } ${PAGE_INFO} } }
      }`,
      { id, after },
    );
    return group?.memberships;
  });
  return rows.flatMap(({ person }) => (person ? [person] : []));
}

function everybody(): Promise<Person[]> {
  return allNodes<Person>(async (after) => {
    const { people } = await graphql<{ people: PageOf<Person> }>(
      `query Everybody($after: Cursor) { people(first: 100, after: $after) { nodes { id name } ${PAGE_INFO} } }`,
      { after },
    );
    return people;
  });
}

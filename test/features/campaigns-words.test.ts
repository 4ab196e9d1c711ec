import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openWorld, type World } from "../support/world.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

const values = { name: 'Bima <b> & "co" #pledge', paid: "1", paid_amount: "€5.00" };

async function filled(source: string): Promise<[string, string]> {
  const { rows } = await world.pool.query(
    "select campaigns.as_text(p, $2) as text, campaigns.as_html(p, $2) as html from campaigns.parts($1) p",
    [source, values],
  );
  return [rows[0].text, rows[0].html];
}

test("tags are whole words, and a value is never read for tags again", async () => {
  assert.deepEqual((await filled("#paid_amount and #paid, #paid's"))[0], "€5.00 and 1, 1's");
  assert.deepEqual((await filled("Dear #name"))[0], 'Dear Bima <b> & "co" #pledge');
  assert.deepEqual((await filled("a#paid _#paid ##paid (#paid) -#paid"))[0], "a#paid _#paid #paid (1) -1");
  assert.deepEqual((await filled("#1 # #! &#39; C#"))[0], "#1 # #! &#39; C#");
  assert.deepEqual(
    (await filled("see https://x.example/#name?q=#paid."))[0],
    "see https://x.example/#name?q=#paid.",
  );
  assert.deepEqual(
    (await filled('#nick|friend, #nick|"dear friend"! #paid|none'))[0],
    "friend, dear friend! 1",
  );
});

test("in HTML everything is escaped, paragraphs and links are made, and nothing of a value becomes markup", async () => {
  const [, html] = await filled('Dear #name,\r\n\r\n<script>x</script>\nsee https://x.example/?a=1&b="2".');
  assert.equal(
    html,
    "<p>Dear Bima &lt;b&gt; &amp; &quot;co&quot; #pledge,</p><p>&lt;script&gt;x&lt;/script&gt;<br>see " +
      '<a class="link" href="https://x.example/?a=1&amp;b=">https://x.example/?a=1&amp;b=</a>&quot;2&quot;.</p>',
  );
});

test("money is written by currency and language", async () => {
  const money = async (amount: number, currency: string, locale: string) =>
    (await world.pool.query("select campaigns.money($1, $2, $3) as m", [amount, currency, locale])).rows[0].m;
  assert.equal(await money(123450, "EUR", "en"), "€1,234.50");
  assert.equal(await money(123450, "EUR", "id"), "€1.234,50");
  assert.equal(await money(15_000_000, "IDR", "id"), "Rp\u00a0150.000");
  assert.equal(await money(15_000_050, "IDR", "en"), "Rp\u00a0150,000.50");
  assert.equal(await money(1500, "JPY", "en"), "¥1,500");
  assert.equal(await money(1234567, "KWD", "en"), "KWD\u00a01,234.567");
  assert.equal(await money(-5, "EUR", "en"), "-€0.05");
  assert.equal(await money(0, "USD", "en"), "$0.00");
  assert.equal(await money(100_000_000_000_000, "EUR", "en"), "€1,000,000,000,000.00");
});

test("balances that are overpaid and days that are over have words of their own", async () => {
  const one = async (sql: string) => (await world.pool.query(`select ${sql} as words`)).rows[0].words;
  assert.equal(await one("campaigns.balance_words(0, 'EUR', 'en')"), "€0.00");
  assert.equal(await one("campaigns.balance_words(-500, 'EUR', 'en')"), "€5.00 overpaid");
  assert.equal(await one("campaigns.balance_words(-500, 'EUR', 'id')"), "€5,00 lebih bayar");
  assert.deepEqual(
    await one("array(select campaigns.days_words(d, 'en') from unnest(array[12, 1, 0, -1, -3]) d)"),
    ["12 days", "1 day", "due today", "1 day overdue", "3 days overdue"],
  );
  assert.equal(await one("campaigns.days_words(-3, 'id')"), "terlambat 3 hari");
  assert.equal(await one("app.date_words('2027-08-01', 'id')"), "1 Agustus 2027");
  assert.equal(await one("campaigns.shown('number', '1234.5', null, 'id')"), "1.234,5");
});

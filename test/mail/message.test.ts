import assert from "node:assert/strict";
import { test } from "node:test";
import { type Letter, render } from "#mail/message.ts";
import { letter } from "./servers.ts";

const invitation = {
  className: "Maths & <Fun>",
  inviterName: "Ada",
  personName: "Grace",
  role: "student",
  signInToken: "t0k-en",
};

function draft(template: string, data: Record<string, unknown>): Letter {
  return { ...letter(), template, data, subject: null, html: null, text: null };
}

test("an invitation says who invites whom to what and holds the sign-in link in both forms", () => {
  const { subject, html, text } = render(draft("class-invitation", invitation), "https://school.test");
  assert.equal(subject, "Ada invites you to Maths & <Fun>");
  assert.match(html, /<h1>Welcome to Maths &amp; &lt;Fun&gt;<\/h1>/);
  assert.match(html, /href="https:\/\/school\.test\/sign-in#t0k-en"/);
  assert.match(text, /^Hello Grace,\n\nAda has added you to Maths & <Fun>\. Your role there: student\./);
  assert.match(text, /\nhttps:\/\/school\.test\/sign-in#t0k-en\n/);
  assert.doesNotMatch(subject + html + text, /undefined|null|\{\{/);
});

test("a sign-in letter holds the link and the code in both forms", () => {
  const { subject, html, text } = render(
    draft("sign-in-link", { personName: "Grace", signInToken: "abc", code: "012345" }),
    "https://school.test",
  );
  assert.equal(subject, "Your sign-in link");
  assert.match(html, /href="https:\/\/school\.test\/sign-in#abc"/);
  assert.match(text, /\nhttps:\/\/school\.test\/sign-in#abc\n/);
  for (const form of [html, text]) assert.match(form, /\b012345\b/);
});

test("the layout is for phones and for dark mode", () => {
  const { html } = render(
    draft("sign-in-link", { personName: "Grace", signInToken: "abc", code: "012345" }),
    "https://school.test",
  );
  assert.match(html, /name="viewport"/);
  assert.match(html, /name="color-scheme" content="light dark"/);
  assert.match(html, /prefers-color-scheme: dark/);
  assert.match(html, /Sent to ada@school\.test/);
});

test("a missing, empty or odd value is an error, never a word in a letter", () => {
  for (const className of [undefined, null, "", "  ", {}, ["a"], Number.NaN]) {
    assert.throws(
      () => render(draft("class-invitation", { ...invitation, className }), "https://school.test"),
      {
        code: "MissingValue",
        message: /className/,
      },
    );
  }
});

test("a name cannot add a header, a tag or a template of its own", () => {
  const data = {
    ...invitation,
    inviterName: "Eve\r\nBcc: all@school.test",
    personName: '"><script>{{signInToken}}',
  };
  const { subject, html } = render(draft("class-invitation", data), "https://school.test");
  assert.equal(subject, "Eve Bcc: all@school.test invites you to Maths & <Fun>");
  assert.match(html, /Hello &quot;&gt;&lt;script&gt;\{\{signInToken\}\},/);
});

test("a template that does not exist is an error, also outside its folder", () => {
  for (const name of ["nothing", "../layout", "layout.html", ""]) {
    assert.throws(() => render(draft(name, invitation), "https://school.test"), { code: "UnknownTemplate" });
  }
});

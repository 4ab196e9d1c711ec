import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Models, type ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});

after(() => mailbox[Symbol.asyncDispose]());

const welcome = {
  ...{ Name: "Welcome", Alias: "welcome", Subject: "Hello {{name}}" },
  HtmlBody: "<h1>{{name}}</h1>{{#each lines}}<p>{{.}}</p>{{/each}}{{{raw}}}",
  TextBody: "{{#person}}{{first}} of {{name}}{{/person}}{{^person}}nobody{{/person}}{{! unseen }}",
};

const model = { name: "Ada & Co", lines: ["one", "<two>"], raw: "<b>bold</b>", person: { first: "Ada" } };
const addressed = { From: "mail@school.test", To: "ada@school.test" };

test("a template is made, found by id and alias, edited, listed and removed", async () => {
  const made = await client.createTemplate(welcome);
  const shown = {
    Name: "Welcome",
    Active: true,
    Alias: "welcome",
    TemplateType: "Standard",
    LayoutTemplate: null,
  };
  assert.deepEqual(made, { TemplateId: made.TemplateId, ...shown });
  const whole = await client.getTemplate("welcome");
  assert.deepEqual(whole, await client.getTemplate(made.TemplateId));
  assert.partialDeepStrictEqual(whole, { ...welcome, AssociatedServerId: 1 });
  assert.equal((await client.editTemplate("welcome", { Name: "Welcome!" })).Name, "Welcome!");
  assert.equal((await client.getTemplate("welcome")).Subject, "Hello {{name}}");
  const { TotalCount, Templates } = await client.getTemplates({ count: 10 });
  assert.deepEqual([TotalCount, Templates.map(({ Alias }) => Alias)], [1, ["welcome"]]);
  assert.equal((await client.getTemplates({ templateType: Models.TemplateTypes.Layout })).TotalCount, 0);
});

test("a letter out of a template has its model's values: escaped in HTML, raw where the template says so", async () => {
  const { MessageID } = await client.sendEmailWithTemplate({
    ...addressed,
    ...{ TemplateAlias: "welcome", TemplateModel: model },
  });
  assert.partialDeepStrictEqual(await client.getOutboundMessageDetails(MessageID), {
    Subject: "Hello Ada & Co",
    HtmlBody: "<h1>Ada &amp; Co</h1><p>one</p><p>&lt;two&gt;</p><b>bold</b>",
    TextBody: "Ada of Ada & Co",
  });
  const [sent, unknown, none] = await client.sendEmailBatchWithTemplates([
    { ...addressed, TemplateAlias: "welcome", TemplateModel: { name: "Bea" } },
    { ...addressed, TemplateAlias: "nothing", TemplateModel: {} },
    { ...addressed, TemplateAlias: "welcome", To: "", TemplateModel: {} },
  ]);
  assert.equal((await client.getOutboundMessageDetails(sent?.MessageID ?? "")).TextBody, "nobody");
  assert.deepEqual(unknown, {
    ErrorCode: 1101,
    Message: "The Template's 'Alias' associated with this request is not valid or was not found.",
  });
  assert.equal(none?.ErrorCode, 300);
});

test("a layout goes around its templates and cannot be removed from under them", async () => {
  await client.createTemplate({
    ...{ Name: "Frame", Alias: "frame", TemplateType: Models.TemplateTypes.Layout },
    HtmlBody: "<main>{{{ @content }}}</main>",
  });
  await client.createTemplate({
    Name: "In",
    Alias: "in",
    Subject: "s",
    HtmlBody: "<p>{{x}}</p>",
    LayoutTemplate: "frame",
  });
  const { MessageID } = await client.sendEmailWithTemplate({
    ...addressed,
    ...{ TemplateAlias: "in", TemplateModel: { x: "<" } },
  });
  assert.equal((await client.getOutboundMessageDetails(MessageID)).HtmlBody, "<main><p>&lt;</p></main>");
  await assert.rejects(client.deleteTemplate("frame"), { code: 1130 });
  await client.deleteTemplate("in");
  await client.deleteTemplate("frame");
  await assert.rejects(client.getTemplate("frame"), { code: 1101 });
});

test("what is wrong with a template is said with its code", async () => {
  const make = (change: object) => client.createTemplate({ ...welcome, Alias: "other", ...change });
  for (const [change, code] of [
    [{ Name: "" }, 1120],
    [{ Subject: "" }, 1120],
    [{ HtmlBody: "", TextBody: "" }, 1120],
    [{ Alias: "welcome" }, 1122],
    [{ Alias: "1!" }, 1122],
    [{ HtmlBody: "{{#open}}" }, 1122],
    [{ HtmlBody: "{{/closed}}" }, 1122],
    [{ TemplateType: "Layout", Subject: "", HtmlBody: "no hole", TextBody: null }, 1131],
    [{ LayoutTemplate: "welcome" }, 1101],
  ] as const)
    await assert.rejects(make(change), { statusCode: 422, code }, JSON.stringify(change));
  const send = (change: object) =>
    client.sendEmailWithTemplate({
      ...addressed,
      TemplateAlias: "welcome",
      TemplateModel: {},
      ...change,
    } as never);
  await assert.rejects(send({ TemplateModel: undefined }), { code: 1120 });
  await assert.rejects(send({ TemplateModel: "x" }), { code: 403 });
  await assert.rejects(send({ Subject: "own" }), { code: 1123 });
  await assert.rejects(send({ TemplateAlias: undefined }), { code: 1101 });
});

test("a validation renders what it can, suggests a model and points at the error", async () => {
  const validation = await client.validateTemplate({
    ...{ Subject: "{{a}}", HtmlBody: "{{#each list}}{{b}}{{/each}}\n {{#no}}", TextBody: "{{a}}!" },
    TestRenderModel: { a: "<1>" },
  });
  assert.equal(validation.AllContentIsValid, false);
  assert.deepEqual(validation.TextBody, {
    ContentIsValid: true,
    ValidationErrors: [],
    RenderedContent: "<1>!",
  });
  assert.deepEqual(validation.HtmlBody.ValidationErrors, [
    { Message: "The block 'no' is not closed.", Line: 2, CharacterPosition: 2 },
  ]);
  assert.deepEqual(validation.SuggestedTemplateModel, { a: "a_Value", list: [{ b: "b_Value" }], no: {} });
});

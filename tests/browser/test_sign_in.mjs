// The hosted pages in a real browser: what a person does, and what they do by mistake.
// with-doorward: --workers 4
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { addPerson, allow, Callback, contextOptions, deny, email, issuer, launch, PASSWORD, primary, sensible, settled, signIn, sql } from './stage.mjs';

let browser, callback, client, context, page, who;

before(async () => {
  browser = await launch();
  callback = await new Callback().start();
  client = callback.register();
});
after(async () => {
  await browser.close();
  callback.stop();
});
beforeEach(async () => {
  who = addPerson(); // who hasn't consented to anything yet
  context = await browser.newContext(contextOptions);
  page = await context.newPage();
  page.setDefaultTimeout(30000);
});
afterEach(() => context.close());

async function finish(flow, onPage = page) {
  const back = callback.next();
  await allow(onPage).click();
  const parameters = await back;
  assert.ok(parameters.get('code'), `no code: ${parameters}`);
  const tokens = await callback.redeem(client, parameters, flow.verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
  return tokens;
}

test('a person signs in, allows, and is back at the client with a code that works', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  assert.match(await page.locator('body').innerText(), /Photo Albums/, 'the page says for whom');
  await signIn(page, who);
  await finish(flow);
  await page.getByText('Back at the client').waitFor();
});

test('a wrong password is said kindly: the summary has the focus, the address is kept, the next try works', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who, 'not the password');
  await page.locator('[role="alert"], .error-summary').first().waitFor();
  assert.match(await page.title(), /^Error/);
  assert.equal(await email(page).inputValue(), who);
  assert.equal(await page.locator('input[autocomplete="current-password"]').inputValue(), '');
  await page.waitForFunction(() => // the summary takes the focus
    /alert|error|summary/.test(document.activeElement.getAttribute('role') ?? document.activeElement.className));
  await signIn(page, who);
  await finish(flow);
});

test('a new person registers in the flow and comes back to the client', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await page.locator('a[href*="register"]').first().click();
  const address = `new${Date.now()}@people.example`;
  await page.locator('input[autocomplete="name"]').fill('Nora New');
  await page.locator('input[type="email"]').fill(address);
  await page.locator('input[autocomplete="new-password"]').fill('short');
  await primary(page).click();
  await page.locator('[aria-invalid="true"]').first().waitFor();
  assert.match(await page.title(), /^Error/, 'a short password is refused');
  assert.equal(await page.locator('input[autocomplete="name"]').inputValue(), 'Nora New');
  await page.locator('input[autocomplete="new-password"]').fill('a quite good password');
  await primary(page).click();
  await finish(flow);
});

test('deny goes back to the client as access_denied, and the next time it asks again', async () => {
  await page.goto(callback.request(client).url);
  await signIn(page, who);
  const back = callback.next();
  await deny(page).click();
  assert.equal((await back).get('error'), 'access_denied');
  const flow = callback.request(client);
  await page.goto(flow.url);
  await finish(flow);
});

test('form_post: the browser posts the answer without a click', async () => {
  const flow = callback.request(client, { response_mode: 'form_post' });
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).click();
  await page.getByText('Back at the client').waitFor();
  const parameters = callback.arrived.at(-1);
  assert.equal((await callback.redeem(client, parameters, flow.verifier)).status, 200);
});

test('back button: from consent to sign-in and forth again, the flow still ends well', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).waitFor();
  await page.goBack();
  assert.ok(await sensible(page), await page.content());
  if (await page.locator('input[autocomplete="current-password"]').count()) await signIn(page, who);
  else await page.goForward();
  await finish(flow);
});

test('back button: from the client into the finished flow shows a page with a way on, never a second code', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await finish(flow);
  await page.getByText('Back at the client').waitFor();
  const before = callback.arrived.length;
  await page.goBack();
  await page.waitForLoadState();
  if (page.url().startsWith(issuer)) {
    assert.ok(await sensible(page), await page.content());
    if (await allow(page).count()) {
      await allow(page).click();
      await page.waitForLoadState();
    }
  }
  const more = callback.arrived.slice(before).filter((parameters) => parameters.get('code'));
  assert.equal(more.length, 0, 'a second code from a finished flow');
});

test('reload: of the sign-in page and of the consent page changes nothing', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await page.reload();
  await signIn(page, who);
  await allow(page).waitFor();
  await page.reload();
  await finish(flow);
});

test('double submit: two clicks on allow bring one code', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).waitFor();
  const before = callback.arrived.length;
  const back = callback.next();
  await settled(page, () => allow(page).dblclick({ noWaitAfter: true }), 500);
  const parameters = await back;
  const codes = callback.arrived.slice(before).filter((found) => found.get('code'));
  assert.equal(codes.length, 1, 'codes');
  assert.equal((await callback.redeem(client, parameters, flow.verifier)).status, 200);
});

test('double submit: two clicks on sign in lead to consent once', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await email(page).fill(who);
  await page.locator('input[autocomplete="current-password"]').fill(PASSWORD);
  await page.locator('form:has(input[autocomplete="current-password"]) button').first().dblclick({ noWaitAfter: true });
  await allow(page).waitFor();
  await finish(flow);
});

test('five tabs: each has its own flow, and each ends well', async () => {
  const flows = [];
  for (let i = 0; i < 5; i++) {
    const tab = await context.newPage();
    const flow = callback.request(client, { scope: i % 2 ? 'openid email' : 'openid profile email' });
    await tab.goto(flow.url);
    flows.push([tab, flow]);
  }
  for (const [tab, flow] of flows) {
    const before = callback.arrived.length;
    if (await tab.locator('input[autocomplete="current-password"]').count()) await signIn(tab, who);
    await allow(tab).or(tab.getByText('Back at the client')).first().waitFor();
    if (callback.arrived.length === before) await finish(flow, tab);
    else assert.equal((await callback.redeem(client, callback.arrived.at(-1), flow.verifier)).status, 200);
  }
});

test('a flow finished in another tab: the first tab shows a page with a way on', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await finish(flow, other);
  const before = callback.arrived.filter((found) => found.get('code')).length;
  await allow(page).click();
  await page.waitForLoadState();
  assert.equal(callback.arrived.filter((found) => found.get('code')).length, before, 'a second code');
  if (page.url().startsWith(issuer)) assert.ok(await sensible(page), await page.content());
});

test('an expired flow says so and offers to start again', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  sql('UPDATE tickets SET expires_at = UNIX_TIMESTAMP() - 1');
  await signIn(page, who);
  await page.waitForLoadState();
  assert.ok(page.url().startsWith(issuer));
  assert.ok(await sensible(page), await page.content());
  assert.doesNotMatch(await page.locator('body').innerText(), /password is wrong/i);
});

test('a phone that sleeps for an hour: the session is gone at the consent page, and the person can sign in again', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).waitFor();
  sql('DELETE FROM sessions');
  await allow(page).click();
  await page.waitForLoadState();
  assert.ok(page.url().startsWith(issuer) && await sensible(page), await page.content());
  if (await page.locator('input[autocomplete="current-password"]').count()) {
    await signIn(page, who);
    await finish(flow);
  }
});

test('without JavaScript every step works', async () => {
  const plain = await browser.newContext({ ...contextOptions, javaScriptEnabled: false });
  const tab = await plain.newPage();
  for (const words of [{}, { response_mode: 'form_post', prompt: 'consent' }]) {
    const flow = callback.request(client, words);
    await tab.goto(flow.url);
    if (await tab.locator('input[autocomplete="current-password"]').count()) await signIn(tab, who);
    const back = callback.next();
    await allow(tab).click();
    if (words.response_mode) await tab.locator('form button').first().click();
    assert.equal((await callback.redeem(client, await back, flow.verifier)).status, 200);
  }
  await plain.close();
});

test('signing out at the client ends the session after a confirmation', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await finish(flow);
  await page.goto(`${issuer}/api/oauth/logout`);
  await page.locator('main form button, form button').first().click();
  await page.waitForLoadState();
  assert.ok(await sensible(page));
  const back = callback.next();
  await page.goto(callback.request(client, { prompt: 'none' }).url);
  assert.equal((await back).get('error'), 'login_required');
});

test('a request that cannot be trusted ends on a page that says so', async () => {
  const response = await page.goto(`${issuer}/api/oauth/authorize?client_id=nobody&redirect_uri=https://evil.example`);
  assert.equal(response.status(), 400);
  assert.ok((await page.locator('h1').first().textContent()).trim());
});

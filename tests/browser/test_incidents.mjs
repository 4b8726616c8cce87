// What happens to people on the way: tabs in any order, the back button, a reload, two clicks, a phone that sleeps,
// no images, no mouse. Each leads to a page that goes on, and nothing happens twice.
// with-doorward: --workers 4 --set mail_request_limit_per_address=10000 --set pin_limit_per_address=10000
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { addPerson, addService, allow, allowIfAsked, buttonOf, Callback, contextOptions, email, issuer, launch, Mailbox, mailedPin, newAddress,
  newPassword, PASSWORD, primary, sensible, settled, signIn, sql, typePin } from './stage.mjs';

const current = 'input[autocomplete="current-password"]';
const mailbox = new Mailbox();
let browser, callback, client, gated, context, page, who;

/* A browser and tabs that the test before has left, without its cookies: new ones cost more than what is done in them. */
const left = [], taken = [];

before(async () => {
  browser = await launch();
  context = await browser.newContext(contextOptions);
  callback = await new Callback().start();
  client = callback.register();
  gated = callback.register({}, addService('With PIN', { 'pin-gate': 'always' }));
});
after(async () => {
  await browser.close();
  callback.stop();
});
beforeEach(async () => {
  who = addPerson();
  page = await newTab();
});
afterEach(async () => {
  await context.unrouteAll();
  await context.clearCookies();
  left.push(...taken.splice(0));
});

async function newTab() {
  const tab = left.pop() ?? await context.newPage();
  tab.setDefaultTimeout(30000);
  taken.push(tab);
  await tab.bringToFront(); // behind another it draws once a second
  return tab;
}

async function finish(flow, tab, of = client) {
  await allowIfAsked(tab);
  const tokens = await callback.redeem(of, await callback.of(flow), flow.verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
}

/* The person is on a page that explains itself, or back at the client. */
async function staysOnTheWay(tab, what) {
  await tab.waitForLoadState();
  if (!tab.url().startsWith(issuer)) return;
  assert.ok(await sensible(tab), `${what}: ${tab.url()}: ${await tab.locator('body').innerText()}`);
  assert.doesNotMatch(await tab.locator('body').innerText(), /our side|unserer Seite/, what);
}

const pathOf = (tab) => new URL(tab.url()).pathname;

async function atAccount(tab, path = '/account') {
  await tab.goto(`${issuer}${path}`);
  if (pathOf(tab) === '/login') {
    await signIn(tab, who);
    await typePin(tab, (await mailbox.wait(who, 'pin')).pin);
  }
  await tab.waitForURL((url) => url.pathname === path);
}

async function askForALink(tab, address = who) {
  await tab.locator('a[href*="/login/link"]').first().click();
  await email(tab).fill(address);
  await primary(tab).click();
  await mailedPin(tab).waitFor();
}

/* --- tabs --- */

/* What another tab did counts here, too: the flow is opened again and asks for what is still missing. */
async function goOn(tab, flow) {
  await tab.goto(flow.url);
  for (let step = 0; step < 4 && !await allow(tab).count(); step++) {
    if (await tab.locator(current).count()) {
      await signIn(tab, who);
    } else if (await mailedPin(tab).count()) {
      await typePin(tab, (await mailbox.wait(await tab.locator('.account-email').innerText(), 'pin')).pin);
    } else {
      await primary(tab).click(); // "Send the code"
    }
    await staysOnTheWay(tab, `step ${step}`);
  }
  assert.ok(await allow(tab).count(), `${tab.url()}: ${await tab.locator('body').innerText()}`);
}

/* Five ways in, each begun in a tab of its own before any is finished. */
const WAYS_IN = {
  password: async (tab) => {
    if (await tab.locator(current).count()) await signIn(tab, who);
  },
  register: async (tab) => {
    await newPassword(tab, PASSWORD);
  },
  link: async (tab) => {
    await tab.goto((await mailbox.wait(who, 'magic_link')).link);
    if (await primary(tab).count()) await primary(tab).click(); // not when a new password has ended all links
  },
  pin: async (tab) => {
    if (await mailedPin(tab).count()) await typePin(tab, (await mailbox.wait(who, 'pin')).pin);
  },
  forgotten: async (tab) => {
    await tab.goto((await mailbox.wait(who, 'reset_password')).link);
    await newPassword(tab, PASSWORD);
  },
};
const BEGINNINGS = {
  password: async () => {},
  register: async (tab) => {
    await tab.locator('a[href*="/register"]').first().click();
    await tab.locator('input[autocomplete="name"]').fill('Nora New');
    await email(tab).fill(newAddress());
  },
  link: (tab) => askForALink(tab),
  pin: async (tab) => {
    await signIn(tab, who);
    await mailedPin(tab).waitFor();
  },
  forgotten: async (tab) => {
    await tab.locator('a[href*="/forgot-password"]').first().click();
    await email(tab).fill(who);
    await primary(tab).click();
    await tab.locator('h1').waitFor();
  },
};

for (const order of [['password', 'register', 'link', 'pin', 'forgotten'], ['forgotten', 'pin', 'link', 'register', 'password'],
  ['link', 'password', 'forgotten', 'register', 'pin'], ['pin', 'forgotten', 'password', 'link', 'register']])
  test(`abuse 27: five tabs, each in another flow, finished in the order ${order.join(', ')}: none meets a dead end`, async () => {
    const tabs = {};
    for (const way of order) {
      const tab = await newTab();
      const of = way === 'pin' ? gated : client;
      const flow = callback.request(of, { prompt: 'consent' });
      await tab.goto(flow.url);
      await BEGINNINGS[way](tab);
      tabs[way] = { tab, flow, of };
    }
    for (const way of [...order].reverse()) {
      const { tab, flow, of } = tabs[way];
      await tab.bringToFront();
      await WAYS_IN[way](tab);
      await staysOnTheWay(tab, way);
      if (!await allow(tab).count()) await goOn(tab, flow);
      await finish(flow, tab, of);
    }
  });

test('a flow begun by mail and finished in another tab: the first tab goes on by itself at the next click', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await askForALink(page);
  const { link, pin } = await mailbox.wait(who, 'magic_link');
  const other = await newTab();
  await other.goto(link);
  await primary(other).click();
  await allow(other).waitFor();
  await finish(flow, other);
  await page.bringToFront();
  await typePin(page, pin);
  await staysOnTheWay(page, 'the PIN of a link that is used');
  await page.reload();
  await staysOnTheWay(page, 'a reload');
});

/* --- back, reload, two clicks --- */

const STEPS = {
  'a mailed link': [async () => {
    await page.goto(callback.request(client).url);
    await page.locator('a[href*="/login/link"]').first().click();
    await email(page).fill(who);
  }, () => primary(page)],
  'a forgotten password': [async () => {
    await page.goto(callback.request(client).url);
    await page.locator('a[href*="/forgot-password"]').first().click();
    await email(page).fill(who);
  }, () => primary(page)],
  'the PIN gate': [async () => {
    await page.goto(callback.request(gated).url);
    await signIn(page, who);
    await mailedPin(page).fill((await mailbox.wait(who, 'pin')).pin);
  }, () => buttonOf(page, 'input[autocomplete="one-time-code"]')],
  'the landing page of a mailed link': [async () => {
    await page.goto(callback.request(client).url);
    await askForALink(page);
    await page.goto((await mailbox.wait(who, 'magic_link')).link);
  }, () => primary(page)],
  'the confirmation of an address': [async () => {
    who = newAddress();
    await page.goto(`${issuer}/register`);
    await page.locator('input[autocomplete="name"]').fill('Nora New');
    await email(page).fill(who);
    await newPassword(page, PASSWORD);
    await page.goto((await mailbox.wait(who, 'verify_email')).link);
  }, () => primary(page)],
  'a new password by mail': [async () => {
    await page.goto(`${issuer}/forgot-password`);
    await email(page).fill(who);
    await primary(page).click();
    await page.goto((await mailbox.wait(who, 'reset_password')).link);
    for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill('seven purple umbrellas');
  }, () => buttonOf(page, 'input[autocomplete="new-password"]')],
  'a registration': [async () => {
    await page.goto(callback.request(client).url);
    await page.locator('a[href*="/register"]').first().click();
    await page.locator('input[autocomplete="name"]').fill('Nora New');
    await email(page).fill(newAddress());
    for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill(PASSWORD);
  }, () => buttonOf(page, 'input[autocomplete="new-password"]')],
  'a new password': [async () => {
    await atAccount(page, '/account/password');
    await page.locator(current).fill(PASSWORD);
    for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill('seven purple umbrellas');
  }, () => buttonOf(page, 'input[autocomplete="new-password"]')],
  'a change of address': [async () => {
    await atAccount(page, '/account/email');
    await page.locator('main input[type="email"]').fill(newAddress());
  }, () => buttonOf(page, 'input[type="email"]')],
  'a deleted account': [async () => {
    await atAccount(page, '/account/delete');
  }, () => primary(page)],
};

async function fillInWhatIsEmpty() {
  for (const field of await page.locator('main form').first().locator('input[required]').all())
    if (!await field.inputValue()) await field.fill(await field.getAttribute('type') === 'email' ? who : PASSWORD);
}

for (const [name, [prepare, button]] of Object.entries(STEPS)) {
  test(`abuse 27: ${name}: back, forth and a reload afterwards lead to pages that go on`, async () => {
    page.on('dialog', (dialog) => dialog.accept());
    await prepare();
    await button().click();
    await staysOnTheWay(page, 'the step itself');
    await page.reload();
    await staysOnTheWay(page, 'a reload');
    await page.goBack();
    await staysOnTheWay(page, 'back');
    await page.reload();
    await staysOnTheWay(page, 'back and a reload');
    if (await primary(page).count()) { // the old form, sent again
      await fillInWhatIsEmpty();
      await primary(page).click();
      await staysOnTheWay(page, 'the old form sent again');
    }
  });

  test(`abuse 27: ${name}: two clicks do what one does; at worst the page says what was used, and its form goes on`, async () => {
    await prepare();
    await settled(page, () => button().dblclick({ noWaitAfter: true }));
    await staysOnTheWay(page, 'two clicks');
    /* On a busy machine both are sent, and the answer to the first is lost with what it used up: a code behind a password is
     * asked for once more, behind the password. */
    if (/^Error/.test(await page.title())) {
      assert.match(await page.locator('.summary, [role="alert"]').first().innerText(), /used already|already|too old/);
      await fillInWhatIsEmpty();
      await primary(page).click();
      await staysOnTheWay(page, 'the way on');
    }
    assert.doesNotMatch(await page.title(), /^Error/, await page.locator('body').innerText());
    assert.ok(!await page.locator('.page-error').count(), await page.locator('body').innerText());
  });

  test(`abuse 27: ${name}: the phone slept, sessions and flows are over: the next click leads to a page that goes on`, async () => {
    await prepare();
    sql('DELETE FROM sessions; DELETE FROM tickets; DELETE FROM challenges');
    await button().click();
    await staysOnTheWay(page, 'the click');
    assert.notEqual(await page.locator('h1').innerText(), '');
    const ways = page.locator('main a[href]');
    if (!await page.locator('main form button').count()) {
      await ways.first().click();
      await staysOnTheWay(page, 'the way on');
    }
  });

  test(`${name}: cookies were cleared: the next click leads to a page that goes on`, async () => {
    await prepare();
    await context.clearCookies();
    await button().click();
    await staysOnTheWay(page, 'the click');
  });
}

test('security 109: after signing out the back button shows nothing of the account, nor does a page that was kept open', async () => {
  await atAccount(page);
  const kept = await newTab();
  await kept.goto(`${issuer}/account/sessions`);
  assert.match(await page.content(), new RegExp(who));
  await page.bringToFront();
  await page.goto(`${issuer}/api/oauth/logout`);
  await primary(page).click();
  await page.waitForLoadState();
  assert.deepEqual((await context.cookies()).filter(({ name }) => name === 'public-session'), []);
  for (let back = 0; back < 2; back++) {
    await page.goBack();
    await page.waitForLoadState();
    assert.doesNotMatch(await page.content(), new RegExp(who), page.url());
  }
  await kept.reload();
  assert.equal(pathOf(kept), '/login');
});

/* --- people who browse otherwise --- */

test('without images every page still says who one is dealing with', async () => {
  await context.route(/\.(svg|png)$/, (route) => route.abort());
  const flow = callback.request(client);
  await page.goto(flow.url);
  assert.match(await page.locator('header').innerText(), /\S/);
  await signIn(page, who);
  await allow(page).waitFor();
  assert.match(await page.locator('main').innerText(), /Photo Albums/);
  await finish(flow, page);
});

test('without the style sheet a person still signs in', async () => {
  await context.route(/\.css$/, (route) => route.abort());
  const flow = callback.request(client);
  await page.goto(flow.url);
  await signIn(page, who);
  await allow(page).waitFor();
  await finish(flow, page);
});

/* The focus as a person sees it: what it is on, and whether it can be seen. */
const focus = () => page.evaluate(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return { what: one.getAttribute('autocomplete') ?? one.getAttribute('value') ?? one.localName, tag: one.localName,
    isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
});

async function tabTo(fits, most = 20) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const at = await focus();
    assert.ok(at.tag === 'body' || at.isSeen, `the focus on ${at.what} can't be seen`);
    if (fits(at)) return at;
  }
  throw new Error('the keyboard does not get there');
}

test('the keyboard alone signs in and allows: the fields in their order, then the button; Enter sends', async () => {
  const flow = callback.request(client);
  await page.goto(flow.url);
  await tabTo(({ what }) => what === 'username');
  await page.keyboard.type(who);
  await tabTo(({ what }) => what === 'current-password', 2);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await allow(page).waitFor();
  await page.waitForLoadState();
  await tabTo(({ what }) => what === 'allow');
  await page.keyboard.press('Enter');
  await page.getByText('Back at the client').waitFor();
  await finish(flow, page);
});

test('the keyboard alone: from a refused form the summary leads to the field', async () => {
  await page.goto(callback.request(client).url);
  await signIn(page, who, 'not the password');
  await page.locator('.summary').waitFor();
  await page.waitForLoadState();
  await tabTo(({ tag }) => tag === 'a', 2);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.localName === 'input');
});

test('the keyboard alone: a PIN is typed and sent with Enter', async () => {
  const flow = callback.request(gated);
  await page.goto(flow.url);
  await signIn(page, who);
  await mailedPin(page).waitFor();
  if ((await focus()).what !== 'one-time-code') await tabTo(({ what }) => what === 'one-time-code');
  await page.keyboard.type((await mailbox.wait(who, 'pin')).pin);
  await page.keyboard.press('Enter');
  await allow(page).waitFor();
});

test('T-71, security 18, 132: nothing of a page comes from elsewhere, and no address with a token is told to anybody', async () => {
  const told = [];
  const listen = (request) => {
    if (request.url().startsWith('data:')) return;
    if (!request.url().startsWith(issuer)) told.push(request.url());
    const referrer = request.headers().referer ?? '';
    if (/token=/.test(referrer)) told.push(`${request.url()} from ${referrer}`);
  };
  page.on('request', listen);
  await page.goto(`${issuer}/forgot-password`);
  await email(page).fill(who);
  await primary(page).click();
  await page.goto((await mailbox.wait(who, 'reset_password')).link);
  await newPassword(page, 'seven purple umbrellas');
  await page.waitForLoadState();
  page.off('request', listen);
  assert.deepEqual(told, []);
});

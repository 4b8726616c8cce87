// Each page for everybody: accessibility rules (axe-core), a narrow phone, the keyboard alone.
// with-doorward: --workers 4
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { addPerson, allow, Callback, contextOptions, email, issuer, launch, PASSWORD, primary, signIn } from './stage.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser, callback, client, who;

before(async () => {
  browser = await launch();
  callback = await new Callback().start();
  client = callback.register({ client_name: 'A client with quite a long name for such a narrow screen' });
  who = addPerson();
});
after(async () => {
  await browser.close();
  callback.stop();
});

const PAGES = {
  'sign-in': (page) => page.goto(callback.request(client).url),
  'sign-in, refused': async (page) => {
    await page.goto(callback.request(client).url);
    await signIn(page, who, 'not the password');
    await page.locator('[role="alert"], .error-summary').first().waitFor();
  },
  registration: async (page) => {
    await page.goto(callback.request(client).url);
    await page.locator('a[href*="register"]').first().click();
    await page.locator('input[autocomplete="new-password"]').waitFor();
  },
  'registration, refused': async (page) => {
    await PAGES.registration(page);
    await page.locator('input[autocomplete="name"]').fill('N');
    await page.locator('input[type="email"]').fill('nobody@people.example');
    await page.locator('input[autocomplete="new-password"]').fill('short');
    await primary(page).click();
    await page.locator('[aria-invalid="true"]').first().waitFor();
  },
  consent: async (page) => {
    await page.goto(callback.request(client, { scope: 'openid profile email offline_access' }).url);
    await signIn(page, who);
    await allow(page).waitFor();
  },
  'account choice': async (page) => {
    await page.goto(callback.request(client).url);
    await signIn(page, who);
    await allow(page).waitFor();
    await page.goto(callback.request(client, { prompt: 'select_account' }).url);
    await page.locator('h1').waitFor();
  },
  'sign-out': async (page) => {
    await PAGES.consent(page);
    await page.goto(`${issuer}/api/oauth/logout`);
    await page.locator('form button').first().waitFor();
  },
  'signed out': async (page) => {
    await PAGES['sign-out'](page);
    await page.locator('form button').first().click();
    await page.locator('h1').waitFor();
  },
  error: (page) => page.goto(`${issuer}/api/oauth/authorize?client_id=nobody`),
  'not found': (page) => page.goto(`${issuer}/nowhere`),
};

async function onPage(open, options, look) {
  const context = await browser.newContext({ ...contextOptions, bypassCSP: true, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    await open(page);
    await look(page);
  } finally {
    await context.close();
  }
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.map((rule) => `${rule.id}: ${rule.help} at ${rule.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

for (const [name, open] of Object.entries(PAGES)) {
  for (const colorScheme of ['light', 'dark'])
    test(`${name}: axe-core finds nothing, ${colorScheme}`, () => onPage(open, { colorScheme }, async (page) => {
      assert.deepEqual(await violations(page), []);
    }));

  test(`${name}: no horizontal scroll at 320 px, touch targets of 44 px, text of 16 px`, () =>
    onPage(open, { viewport: { width: 320, height: 640 } }, async (page) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${width} px wide`);
      const small = await page.$$eval('button, input:not([type="hidden"]):not([type="checkbox"]):not([type="radio"])',
        (all) => all.map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height]).filter(([, height]) => height > 0 && height < 44));
      assert.deepEqual(small, []);
      const text = await page.$$eval('p, label, input, button, li', (all) =>
        all.filter((one) => one.getClientRects().length && parseFloat(getComputedStyle(one).fontSize) < 14).map((one) => one.outerHTML.slice(0, 80)));
      assert.deepEqual(text, []);
    }));

  test(`${name}: one h1, a language, a title that is not the product alone, nothing from elsewhere`, () => {
    const foreign = [];
    return onPage(async (page) => {
      page.on('request', (request) => {
        const { origin } = new URL(request.url());
        if (origin !== issuer && !request.url().startsWith('data:')) foreign.push(request.url());
      });
      await open(page);
    }, {}, async (page) => {
      assert.equal(await page.locator('h1').count(), 1);
      assert.ok(await page.locator('html').getAttribute('lang'));
      assert.ok((await page.title()).length > 5);
      assert.deepEqual(foreign, []);
    });
  });
}

test('the keyboard alone signs a person in: the focus is visible, Enter sends the form', () =>
  onPage(PAGES['sign-in'], {}, async (page) => {
    await email(page).focus();
    await page.keyboard.type(who);
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return `${style.outlineStyle} ${style.outlineWidth} ${style.boxShadow}`;
    });
    assert.doesNotMatch(outline, /^none \S+ none$/, 'no visible focus');
    while (await page.evaluate(() => document.activeElement?.type) !== 'password') await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await allow(page).waitFor();
  }));

test('labels are always visible and belong to their fields; autocomplete is right; no placeholder stands in', () =>
  onPage(PAGES.registration, {}, async (page) => {
    const fields = await page.$$eval('input:not([type="hidden"])', (all) => all.map((one) =>
      ({ name: one.name, label: one.labels?.[0]?.innerText ?? '', placeholder: one.placeholder, autocomplete: one.autocomplete, type: one.type })));
    for (const field of fields.filter((one) => !['checkbox', 'submit'].includes(one.type))) {
      assert.ok(field.label, `${field.name} has no label`);
      assert.equal(field.placeholder, '', field.name);
      assert.ok(field.autocomplete, `${field.name} without autocomplete`);
    }
  }));

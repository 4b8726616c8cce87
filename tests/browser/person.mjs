// A person at a browser, who goes through the flows of the hosted pages in every way: with and without JavaScript, on a
// phone and on a desk, in English and German. On each page that they meet: axe-core finds nothing, nothing is cut,
// there is a way on, nothing comes from elsewhere, and the content security policy has nothing to stop. Without
// JavaScript two of the four views stand for all; EVERY_WAY=1 takes them all.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fakes } from './fakes.mjs';
import { Album, misfits, misspoken, violations } from './looks.mjs';
import { addPerson, addService, allow, buttonOf, Callback, contextOptions, email, issuer, launch, mailedPin, Mailbox, PASSWORD, sensible, sql,
  typePin } from './stage.mjs';

const AT_ONCE = 3;
const WAYS = [];
for (const javaScriptEnabled of [true, false])
  for (const language of ['en', 'de'])
    for (const width of [360, 1280])
      if (javaScriptEnabled || (language === 'en') === (width === 360) || process.env.EVERY_WAY) WAYS.push({ javaScriptEnabled, language, width });

let browser, callback, album;
const clients = {}, mailbox = new Mailbox(), looked = new Set();

async function begin(folder) {
  browser = await launch();
  album = new Album(folder);
  callback = await new Callback().start();
  clients.plain = callback.register();
  clients.identifierFirst = callback.register({}, addService('Address first', { 'sign-in-form': 'identifier_first' }));
  clients.pinGate = callback.register({}, addService('With PIN', { 'pin-gate': 'always' }));
}

async function end() {
  await browser.close();
  callback.stop();
  album.finish();
}

/** Somebody with an account, at a browser. */
class Person {
  password = PASSWORD;
  faults = [];
  callback = callback;
  clients = clients;
  client = clients.plain;

  constructor(way, who) {
    Object.assign(this, way, { email: who });
  }

  async sitDown() {
    const { width, javaScriptEnabled, language } = this;
    this.context = await browser.newContext({ ...contextOptions, javaScriptEnabled, locale: language === 'de' ? 'de-DE' : 'en-GB',
      viewport: { width, height: width < 500 ? 740 : 800 }, reducedMotion: 'reduce' });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(10000);
    this.page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (![issuer, new URL(callback.uri).origin, ...Object.values(fakes)].includes(origin) && protocol !== 'data:') this.faults.push(`asks for ${request.url()}`);
    });
    this.page.on('console', (message) => {
      if (/security policy|refused to/i.test(message.text())) this.faults.push(message.text());
    });
    return this;
  }

  async inAnotherBrowser() {
    const other = await new Person(this, this.email).sitDown();
    other.faults = this.faults;
    this.others = [...this.others ?? [], other];
    return other;
  }

  async begin(parameters = {}, client = clients.plain) {
    this.client = client;
    const flow = callback.request(client, parameters);
    await this.page.goto(flow.url);
    return { page: this.page, flow };
  }

  async open(url) {
    await this.page.goto(url);
    return this.page;
  }

  mail(name, to = this.email) {
    return mailbox.wait(to, name);
  }

  /** The page in front of them is fit to be seen. Looked at closely once for each language and width. */
  async sees(name) {
    const { page, language, width } = this;
    await page.waitForLoadState();
    await page.locator('h1').first().waitFor();
    const where = (fault) => `${name}, ${language}, ${width} px: ${fault}`;
    if (!await sensible(page)) this.faults.push(where('no way on'));
    if (await page.locator('html').getAttribute('lang') !== language) this.faults.push(where('another language'));
    this.faults.push(...(await misspoken(page)).map(where), ...(await misfits(page, width)).map(where));
    const view = `${name} ${language} ${width}`;
    if (!this.javaScriptEnabled || looked.has(view)) return;
    looked.add(view);
    await album.add(page, name, language, width);
    this.faults.push(...(await violations(page)).map(where));
  }

  async leave() {
    for (const one of [this, ...this.others ?? []]) await one.context.close();
  }
}

async function goes(way, name, walk) {
  const person = await new Person(way, addPerson()).sitDown();
  try {
    await walk(person);
  } catch (error) {
    await album.add(person.page, 'failed', name, way.language, way.width, String(way.javaScriptEnabled));
    error.message += `\nat ${person.page.url()}: ${await person.page.locator('body').innerText().catch(() => '')}`;
    throw error;
  } finally {
    await person.leave();
  }
  assert.deepEqual([...new Set(person.faults)], []);
}

/**
 * Tests of these flows, { 'signs in': async (person) => … }, in every way. folder: of their screenshots.
 */
export function everyWay(folder, flows) {
  before(() => begin(folder));
  after(end);
  describe('every flow', { concurrency: AT_ONCE }, () => {
    for (const [name, walk] of Object.entries(flows))
      for (const way of WAYS) {
        const how = `${way.javaScriptEnabled ? 'with' : 'without'} JavaScript, ${way.language}, ${way.width} px`;
        test(`a person ${name}: ${how}`, () => goes(way, name, walk));
      }
  });
}

/* --- what people do in more than one flow --- */

export const OTHER_PASSWORD = 'seven purple umbrellas';
export const current = 'input[autocomplete="current-password"]';

export const pathOf = (page) => new URL(page.url()).pathname;

export async function wrongly(page) {
  await page.locator('[aria-invalid="true"], .summary, [role="alert"]').first().waitFor();
  assert.match(await page.title(), /^(Error|Fehler)/);
}

/* Attempts, of everybody, are as if made a little earlier, so that nobody has to wait for the next. */
export const secondsLater = () => sql('UPDATE attempts SET at_ms = at_ms - 5000');

/* Without an application the strictest of all services counts: a PIN is asked for. */
export async function signInWithPin(person, page, secret = PASSWORD) {
  await page.locator(current).fill(secret);
  if (await email(page).isEditable()) await email(page).fill(person.email);
  await buttonOf(page, current).click();
  await mailedPin(page).waitFor();
  await typePin(page, (await person.mail('pin')).pin);
}

/** Signed in at /account. */
export async function atAccount(person, path = '/account') {
  const page = await person.open(`${issuer}${path}`);
  if (pathOf(page) === '/login') await signInWithPin(person, page);
  await page.waitForURL((url) => url.pathname === path);
  return page;
}

export async function finish(person, page, flow) {
  if (await allow(page).count()) await allow(page).click();
  const parameters = await person.callback.of(flow);
  const tokens = await person.callback.redeem(person.client, parameters, flow.verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
}

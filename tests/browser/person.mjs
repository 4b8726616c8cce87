// A person at a browser, who goes through the flows of the hosted pages: with and without JavaScript, on a phone and on
// a desk, in English and German. Each flow is walked in four of these eight ways, so that every two of them meet
// (EVERY_WAY=1 takes them all); each page that is met on the way is looked at on the phone and on the desk: axe-core finds
// nothing, nothing is cut, there is a way on, nothing comes from elsewhere, and the content security policy has nothing
// to stop.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fakes } from './fakes.mjs';
import { Album, misfits, misspoken, violations } from './looks.mjs';
import { addPerson, addService, allowIfAsked, buttonOf, Callback, contextOptions, email, issuer, launch, mailedPin, Mailbox, PASSWORD, sensible,
  sql, typePin } from './stage.mjs';

const AT_ONCE = 2;
const HEIGHTS = { 360: 740, 1280: 800 };
const WIDTHS = Object.keys(HEIGHTS).map(Number);
/* What another width has to say behind the first: names, roles and colours stay. */
const RULES_OF_LAYOUT = ['target-size'];
const WAYS = [];
for (const javaScriptEnabled of [true, false])
  for (const language of ['en', 'de'])
    for (const width of WIDTHS)
      if (((language === 'en') === (width === 360)) === javaScriptEnabled || process.env.EVERY_WAY) WAYS.push({ javaScriptEnabled, language, width });

let browser, callback, album;
const seats = [];
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

/* A browser that somebody has left is as good as new for the next one, without its cookies: starting one anew costs more than
 * what is done in it. */
async function newSeat() {
  const context = await browser.newContext({ ...contextOptions, locale: undefined, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  return { page, devtools: await context.newCDPSession(page) };
}

async function takeSeat({ javaScriptEnabled, language }) {
  const seat = seats.pop() ?? await newSeat();
  await seat.devtools.send('Emulation.setScriptExecutionDisabled', { value: !javaScriptEnabled });
  await seat.page.setExtraHTTPHeaders({ 'Accept-Language': language === 'de' ? 'de-DE,de;q=0.9' : 'en-GB,en;q=0.9' });
  return seat;
}

async function leaveSeat({ page, seat, listeners }) {
  for (const [event, listener] of Object.entries(listeners)) page.off(event, listener);
  await page.context().clearCookies();
  seats.push(seat);
}

/** Somebody with an account, at a browser. */
class Person {
  password = PASSWORD;
  faults = [];
  callback = callback;
  clients = clients;
  client = clients.plain;

  listeners = {
    request: (request) => {
      const { origin, protocol } = new URL(request.url());
      const known = [issuer, new URL(callback.uri).origin, ...Object.values(fakes)];
      if (!known.includes(origin) && protocol !== 'data:') this.faults.push(`asks for ${request.url()}`);
    },
    console: (message) => {
      if (/security policy|refused to/i.test(message.text())) this.faults.push(message.text());
    },
  };

  constructor(way, who) {
    Object.assign(this, way, { email: who });
  }

  async sitDown() {
    this.seat = await takeSeat(this);
    this.page = this.seat.page;
    await this.resize(this.width);
    for (const [event, listener] of Object.entries(this.listeners)) this.page.on(event, listener);
    return this;
  }

  resize(width) {
    return this.page.setViewportSize({ width, height: HEIGHTS[width] });
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

  /** The page in front of them is fit to be seen, on the phone and on the desk. Looked at closely once in each language. */
  async sees(name) {
    const { page, language } = this;
    await page.waitForLoadState();
    await page.locator('h1').first().waitFor();
    const told = (faults, width) => this.faults.push(...faults.map((fault) => `${name}, ${language}${width ? `, ${width} px` : ''}: ${fault}`));
    if (!await sensible(page)) told(['no way on']);
    if (await page.locator('html').getAttribute('lang') !== language) told(['another language']);
    told(await misspoken(page));
    const closely = this.javaScriptEnabled && !looked.has(`${name} ${language}`);
    if (closely) looked.add(`${name} ${language}`);
    for (const width of WIDTHS) {
      await this.resize(width);
      told(await misfits(page, width), width);
      if (!closely) continue;
      await album.addWhole(page, name, language, width);
      told(await violations(page, width === WIDTHS[0] ? {} : { rules: RULES_OF_LAYOUT }), width);
    }
    await this.resize(this.width);
  }

  async leave() {
    for (const one of [this, ...this.others ?? []]) await leaveSeat(one);
  }
}

async function isAsSaid(way) {
  const person = await new Person(way, PASSWORD).sitDown();
  const page = await person.open('data:text/html,<title>off</title><script>document.title = "on"</script>');
  assert.equal(await page.title(), way.javaScriptEnabled ? 'on' : 'off', 'JavaScript');
  await person.leave();
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
  test('who has no JavaScript has none', async () => {
    for (const way of WAYS) await isAsSaid(way);
  });
  describe('every flow', { concurrency: AT_ONCE }, () => {
    for (const way of WAYS)
      for (const [name, walk] of Object.entries(flows)) {
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
  await allowIfAsked(page);
  const parameters = await person.callback.of(flow);
  const tokens = await person.callback.redeem(person.client, parameters, flow.verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
}

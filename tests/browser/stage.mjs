// What the browser tests share: Chromium, a client that receives what the browser brings back, clients
// and people made by the command line, and the few things that a person does on the pages.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const env = process.env;
export const issuer = env.DOORWARD_URL;

export const PASSWORD = 'correct horse battery staple';

export function cli(...parameters) {
  return JSON.parse(execFileSync(env.DOORWARD_BIN, ['-c', env.DOORWARD_CONF, ...parameters, '--json'], { encoding: 'utf8' }));
}

function withFile(text, use) {
  const place = mkdtempSync(join(tmpdir(), 'dw-browser-'));
  try {
    const file = join(place, 'file');
    writeFileSync(file, text);
    return use(file);
  } finally {
    rmSync(place, { recursive: true });
  }
}

export function sql(text) {
  return execFileSync('mariadb', ['--no-defaults', '-uroot', '-S', env.DOORWARD_DB_SOCKET, '-N', '-B', env.DOORWARD_DB_NAME, '-e', text],
    { encoding: 'utf8' }).trim();
}

export const newAddress = () => `p${randomBytes(6).toString('hex')}@people.example`;

export function addPerson(email = newAddress()) {
  withFile(`${PASSWORD}\n`, (file) => cli('user', 'add', '--email', email, '--name', 'Pat Person', '--password-file', file, '--verified'));
  return email;
}

/** A service of its own, with what `doorward service set` may set: { 'pin-gate': 'always' }. */
export function addService(name, options = {}) {
  const { id } = cli('service', 'add', '--name', name);
  const words = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  if (words.length) cli('service', 'set', id, ...words);
  return id;
}

/** The mails that the SMTP server of this Doorward got; each is given to a test once. */
export class Mailbox {
  #seen = new Set();
  #mails = new Map();

  /** The newest unread one to this address: { subject, text, html, links, pin, mail }; the older ones count as read. */
  async wait(to, mail, seconds = 60) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(25)) {
      const found = this.#unread(to, mail);
      if (found) return { ...found, link: found.links.find((link) => link.includes('token=')) };
    }
    throw new Error(`no mail ${mail} to ${to} within ${seconds} s`);
  }

  #unread(to, mail) {
    const place = env.DOORWARD_MAIL_DIR;
    for (const name of readdirSync(place))
      if (/^\d+\.json$/.test(name) && !this.#mails.has(name)) this.#mails.set(name, JSON.parse(readFileSync(join(place, name), 'utf8')));
    const all = [...this.#mails].filter(([name]) => !this.#seen.has(name))
      .filter(([, one]) => one.to.includes(to) && one.mail === mail).sort(([a], [b]) => parseInt(a) - parseInt(b));
    for (const [name] of all) this.#seen.add(name);
    return all.at(-1)?.[1];
  }
}

/** The client: a native one, so that its callback may be plain HTTP on loopback, on the port it got. */
export class Callback {
  arrived = [];
  #waiting = [];

  async start() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => { body += part; });
      request.on('end', () => {
        const url = new URL(request.url, this.uri);
        if (url.pathname === '/cb') this.#deliver(new URLSearchParams(request.method === 'POST' ? body : url.search));
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><html lang="en"><title>Client</title><h1>Back at the client</h1>');
      });
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.uri = `http://127.0.0.1:${this.server.address().port}/cb`;
    return this;
  }

  #deliver(parameters) {
    this.arrived.push(parameters);
    this.#waiting.shift()?.(parameters);
  }

  next() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Resolves with what comes back for this request, also when it has come already. */
  async of({ state }, seconds = 60) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(10)) {
      const found = this.arrived.find((parameters) => parameters.get('state') === state);
      if (found) return found;
    }
    throw new Error('nothing came back to the client');
  }

  register(metadata = {}, service = env.DOORWARD_SERVICE_ID) {
    return withFile(JSON.stringify({ client_name: 'Photo Albums', redirect_uris: ['http://127.0.0.1/cb'], application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], scope: 'openid profile email offline_access',
      token_endpoint_auth_method: 'client_secret_post', ...metadata }),
      (file) => cli('client', 'add', '--service', service, '--metadata', file));
  }

  request(client, parameters = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL('/api/oauth/authorize', issuer);
    url.search = new URLSearchParams({ response_type: 'code', client_id: client.client_id, redirect_uri: this.uri, scope: 'openid email',
      state: randomBytes(8).toString('hex'), code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256', ...parameters });
    return { url: url.href, verifier, state: url.searchParams.get('state') };
  }

  async #token(client, parameters) {
    const response = await fetch(`${issuer}/api/oauth/token`, { method: 'POST', body: new URLSearchParams({
      ...parameters, client_id: client.client_id, client_secret: client.client_secret }) });
    return { status: response.status, ...(await response.json()) };
  }

  redeem(client, parameters, verifier) {
    return this.#token(client, { grant_type: 'authorization_code', code: parameters.get('code'), redirect_uri: this.uri,
      code_verifier: verifier });
  }

  refresh(client, token) {
    return this.#token(client, { grant_type: 'refresh_token', refresh_token: token });
  }
}

// Chromium without the parts around its pages, for a third less work; CHROMIUM=/usr/bin/chromium is the whole of it.
export function launch() {
  return chromium.launch({ executablePath: env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], timeout: 120000 });
}

export const contextOptions = { ignoreHTTPSErrors: true, locale: 'en-GB' };

export const email = (page) => page.locator('input[autocomplete="username"], input[type="email"]').first();
export const password = (page) => page.locator('input[type="password"]').first();
export const primary = (page) => page.locator('main form button[type="submit"], main form button:not([type])').first();

export async function fillSignIn(page, who, secret = PASSWORD) {
  await email(page).fill(who);
  await page.locator('input[autocomplete="current-password"]').fill(secret);
}

export async function signIn(page, who, secret) {
  await fillSignIn(page, who, secret);
  await page.locator('form:has(input[autocomplete="current-password"]) button').first().click();
}

export const mailedPin = (page) => page.locator('input[autocomplete="one-time-code"]');

/** The button of the form that has this field. */
export const buttonOf = (page, field) => page.locator('form', { has: page.locator(field) }).locator('button').first();

export async function typePin(page, pin) {
  await mailedPin(page).fill(pin);
  await buttonOf(page, 'input[autocomplete="one-time-code"]').click();
}

export async function newPassword(page, secret) {
  await page.waitForLoadState(); // for all of its fields
  for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill(secret);
  await buttonOf(page, 'input[autocomplete="new-password"]').click();
}

export const allow = (page) => page.locator('button[name="decision"][value="allow"]');
export const deny = (page) => page.locator('button[name="decision"][value="deny"]');

/** Allows where that is asked for; back at the client. Behind a click there may be no page yet to look at. */
export async function allowIfAsked(page) {
  await allow(page).or(page.getByText('Back at the client')).first().waitFor();
  if (await allow(page).count()) await allow(page).click();
}

/** Does something that asks the server, and waits until whatever it has asked for has come: nothing is on its way for a while. */
export async function settled(page, action, quietMs = 500) {
  const open = new Set();
  let last = Infinity; // until the first is on its way
  const asks = (request) => { open.add(request); last = Date.now(); };
  const ends = (request) => { open.delete(request); last = Date.now(); };
  const listeners = { request: asks, requestfinished: ends, requestfailed: ends };
  for (const [event, listener] of Object.entries(listeners)) page.on(event, listener);
  try {
    await action();
    for (const end = Date.now() + 30000; (open.size || Date.now() - last < quietMs) && Date.now() < end; ) await sleep(25);
  } finally {
    for (const [event, listener] of Object.entries(listeners)) page.off(event, listener);
  }
  await page.waitForLoadState();
}

/** Whether the page in front of the person is one of ours that explains itself: a heading, a way on. */
export async function sensible(page) {
  await page.waitForLoadState();
  const heading = await page.locator('h1').first().textContent();
  const ways = await page.locator('main a[href], main button').count();
  return Boolean(heading?.trim()) && ways > 0;
}

export function workers() {
  return readFileSync(`/proc/${env.DOORWARD_PID}/task/${env.DOORWARD_PID}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

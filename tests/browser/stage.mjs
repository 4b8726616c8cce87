// What the browser tests share: Chromium, a client that receives what the browser brings back, clients
// and people made by the command line, and the few things that a person does on the pages.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const env = process.env;
export const issuer = env.DOORWARD_URL;

export const PASSWORD = 'correct horse battery staple';

function cli(...parameters) {
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

export function addPerson(email = `p${randomBytes(6).toString('hex')}@people.example`) {
  withFile(`${PASSWORD}\n`, (file) => cli('user', 'add', '--email', email, '--name', 'Pat Person', '--password-file', file, '--verified'));
  return email;
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

  register(metadata = {}) {
    return withFile(JSON.stringify({ client_name: 'Photo Albums', redirect_uris: ['http://127.0.0.1/cb'], application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], scope: 'openid profile email offline_access',
      token_endpoint_auth_method: 'client_secret_post', ...metadata }),
      (file) => cli('client', 'add', '--service', env.DOORWARD_SERVICE_ID, '--metadata', file));
  }

  request(client, parameters = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL('/api/oauth/authorize', issuer);
    url.search = new URLSearchParams({ response_type: 'code', client_id: client.client_id, redirect_uri: this.uri, scope: 'openid email',
      state: randomBytes(8).toString('hex'), code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256', ...parameters });
    return { url: url.href, verifier };
  }

  async redeem(client, parameters, verifier) {
    const response = await fetch(`${issuer}/api/oauth/token`, { method: 'POST', body: new URLSearchParams({
      grant_type: 'authorization_code', code: parameters.get('code'), redirect_uri: this.uri, code_verifier: verifier,
      client_id: client.client_id, client_secret: client.client_secret }) });
    return { status: response.status, ...(await response.json()) };
  }
}

export function launch() {
  return chromium.launch({ executablePath: env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
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

export const allow = (page) => page.locator('button[name="decision"][value="allow"]');
export const deny = (page) => page.locator('button[name="decision"][value="deny"]');

/** Whether the page in front of the person is one of ours that explains itself: a heading, a way on. */
export async function sensible(page) {
  const heading = await page.locator('h1').first().textContent();
  const ways = await page.locator('main a[href], main button, a[href]').count();
  return Boolean(heading?.trim()) && ways > 0;
}

export function workers() {
  return readFileSync(`/proc/${env.DOORWARD_PID}/task/${env.DOORWARD_PID}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

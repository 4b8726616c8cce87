// The installation that DOORWARD_* tells of: clients registered by its command line, and a person with a
// browser without JavaScript, who signs in and consents.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const env = process.env;
export const issuer = env.DOORWARD_URL;
export const CALLBACK = 'https://client.example/cb';
export const SIGNED_OUT = 'https://client.example/bye';

function cli(...parameters) {
  const output = execFileSync(env.DOORWARD_BIN, ['-c', env.DOORWARD_CONF, ...parameters, '--json'], { encoding: 'utf8' });
  return JSON.parse(output);
}

/** A registered client, in the words of RFC 7591. */
export function registerClient(metadata = {}) {
  const place = mkdtempSync(join(tmpdir(), 'dw-client-'));
  try {
    const file = join(place, 'metadata.json');
    writeFileSync(file, JSON.stringify({
      client_name: 'A client', redirect_uris: [CALLBACK], post_logout_redirect_uris: [SIGNED_OUT],
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      scope: 'openid profile email offline_access read:things', token_endpoint_auth_method: 'client_secret_basic',
      ...metadata }));
    return cli('client', 'add', '--service', env.DOORWARD_SERVICE_ID, '--metadata', file);
  } finally {
    rmSync(place, { recursive: true });
  }
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : ENTITIES[name] ?? whole);
}

function attributes(tag) {
  const found = {};
  for (const [, name, value] of tag.matchAll(/([\w-]+)(?:\s*=\s*"([^"]*)")?/g)) found[name.toLowerCase()] ??= unescape(value ?? '');
  return found;
}

function formsOf(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, inside]) => ({
    ...attributes(head),
    fields: [...inside.matchAll(/<input\b([^>]*)>/gi)].map((match) => attributes(match[1])),
    buttons: [...inside.matchAll(/<button\b([^>]*)>/gi)].map((match) => attributes(match[1])),
  }));
}

/** The Set-Cookie lines of an answer. Debian 12's Node has no getSetCookie and gives them joined by commas; a
 *  comma within a date has no name and "=" behind it. */
function cookieLines(headers) {
  return headers.getSetCookie?.() ?? headers.get('set-cookie')?.split(/,\s*(?=[^;,=\s]+=)/) ?? [];
}

export class Person {
  cookies = new Map();

  constructor(email = env.DOORWARD_USER_EMAIL, password = env.DOORWARD_USER_PASSWORD) {
    this.email = email;
    this.password = password;
  }

  async #send(url, form) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie && { cookie }), ...(form && { origin: issuer }) };
    const response = await fetch(url, { method: form ? 'POST' : 'GET', redirect: 'manual', body: form, headers });
    for (const line of cookieLines(response.headers)) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /max-age=0\b/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** What the person does on a page: the form to send, or null when there is nothing to do. */
  #decide(html, url) {
    for (const form of formsOf(html)) {
      const fields = new URLSearchParams(form.fields.filter((field) => field.name).map((field) => [field.name, field.value ?? '']));
      const password = form.fields.find((field) => field.autocomplete === 'current-password');
      const allow = form.buttons.find((button) => /allow|approve|accept|yes/i.test(`${button.value} ${button.name}`));
      if (!password && !allow) continue;
      if (password) {
        fields.set(password.name, this.password);
        fields.set(form.fields.find((field) => field.type === 'email' || field.autocomplete === 'username').name, this.email);
      }
      const button = allow ?? form.buttons[0];
      if (button?.name) fields.set(button.name, button.value ?? '');
      return [new URL(form.action || url, url), fields];
    }
    return null;
  }

  /** Follows an authorization or logout URL until it leads to the client: its callback URL, or for
   *  form_post the Request that the client gets. */
  async visit(url, home = CALLBACK) {
    let next = [new URL(url), undefined];
    for (let step = 0; step < 12; step++) {
      const response = await this.#send(...next);
      const location = response.headers.get('location');
      if (location) {
        const target = new URL(location, next[0]);
        if (target.href.startsWith(home)) return target;
        if (target.origin !== issuer) throw new Error(`led away to ${target}`);
        next = [target, undefined];
        continue;
      }
      const html = await response.text();
      const back = formsOf(html).find((form) => form.action?.startsWith(home));
      if (back) {
        const fields = new URLSearchParams(back.fields.filter((field) => field.name).map((field) => [field.name, field.value ?? '']));
        return new Request(back.action, { method: 'POST', body: fields });
      }
      const decision = this.#decide(html, next[0]);
      if (!decision) throw new Error(`nothing to do on ${next[0]} (${response.status}): ${html.slice(0, 600)}`);
      next = decision;
    }
    throw new Error(`no end at ${next[0]}`);
  }
}

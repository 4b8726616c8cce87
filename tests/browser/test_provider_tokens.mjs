// A person lets services use their account at a provider; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --providers --set sign_in_limit_per_account=10000
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { choose, control, fakes, newWord, wordOf } from './fakes.mjs';
import { atAccount, everyWay } from './person.mjs';
import { addService, allow, cli, issuer } from './stage.mjs';

/** A service's backend: asks for tokens of a person who is its member. */
class Backend {
  constructor(service, key) {
    Object.assign(this, { service, key });
  }

  static new() {
    const service = addService('Backups', { 'provider-scopes': 'github=repo read:user' });
    return new Backend(service, cli('api-key', 'add', '--service', service, '--name', 'Key', '--permissions', 'write:users read:provider_tokens').key);
  }

  async call(path, data) {
    const response = await fetch(`${issuer}/api/service/${path}`, { method: 'POST', body: JSON.stringify(data),
      headers: { 'x-api-key': this.key, 'content-type': 'application/json' } });
    assert.ok(response.ok, await response.clone().text());
    return response.json();
  }

  async invite(person) {
    cli('service', 'set', this.service, '--provider-redirect-uri', person.callback.uri);
    const { id } = await this.call('users', { email: person.email });
    return (scopes, state = newWord()) => this.call('provider-tokens', { user_id: id, provider: 'github', scopes, state,
      redirect_uri: person.callback.uri });
  }
}

const demo = new Backend(process.env.DOORWARD_SERVICE_ID, process.env.DOORWARD_API_KEY);

async function lets(person) {
  const { page } = person, state = newWord();
  const ask = await demo.invite(person);
  const first = await ask(['repo', 'read:user'], state);
  assert.equal(first.code, 'PROVIDER_LINK_REQUIRED', JSON.stringify(first));
  await page.goto(first.reauth_url);
  await person.sees('provider-connect');
  await page.locator('button[value="link"]').click();
  await choose(person, 'github', wordOf(person));
  if (new URL(page.url()).origin === fakes.github) await choose(person, 'github', wordOf(person)); // for the address as well
  const back = await person.callback.of({ state });
  assert.deepEqual([back.get('provider_grant'), back.get('provider')], ['success', 'github'], String(back));
  const token = await ask(['repo', 'read:user']);
  assert.deepEqual([token.status, [...token.scopes].sort()], ['ok', ['read:user', 'repo']], JSON.stringify(token));
  await page.goto(first.reauth_url);
  await person.sees('provider-connect-used');
  await letsAnother(person);
}

/* With the account that is there already; then takes everything off again. */
async function letsAnother(person) {
  const page = await atAccount(person, '/account/connections'), state = newWord();
  const ask = await (await Backend.new()).invite(person);
  const asked = await ask([], state);
  assert.equal(asked.code, 'PROVIDER_GRANT_REQUIRED');
  await page.goto(asked.reauth_url);
  await page.locator('input[name="connection"]').waitFor();
  await person.sees('provider-connect-again');
  await allow(page).click();
  assert.equal((await person.callback.of({ state })).get('provider_grant'), 'success');
  const { access_token: token } = await ask([]);
  assert.ok(token);
  await page.goto(`${issuer}/account/connections`);
  await person.sees('connections-grants');
  for (const left of [1, 0]) {
    await page.locator('button[name="grant"]').first().click();
    await page.locator('button[name="grant"]').nth(left).waitFor({ state: 'detached' });
  }
  await person.sees('connections-withdrawn');
  assert.equal((await ask([])).status, 'action_required');
  for (const end = Date.now() + 60000; !(await control('github')).revoked.includes(token); await sleep(50))
    assert.ok(Date.now() < end, 'taken back at the provider, too');
  await page.locator('button[name="connection"]').click();
  await page.locator('button[name="connection"]').waitFor({ state: 'detached' });
  await person.sees('connections-disconnected');
  assert.equal((await ask([])).code, 'PROVIDER_LINK_REQUIRED');
}

async function refusesAService(person) {
  const { page } = person, state = newWord(), otherState = newWord();
  const ask = await demo.invite(person);
  await page.goto((await ask(['read:user'], state)).reauth_url);
  await page.locator('button[value="deny"]').click();
  const denied = await person.callback.of({ state });
  assert.deepEqual([denied.get('provider_grant'), denied.get('error')], ['error', 'access_denied'], String(denied));
  await page.goto((await ask(['read:user'], otherState)).reauth_url);
  await page.locator('button[value="link"]').click();
  await choose(person, 'github', wordOf(person), { allow: false });
  const back = await person.callback.of({ state: otherState });
  assert.equal(back.get('error'), 'access_denied', String(back));
  assert.equal((await ask(['read:user'])).status, 'action_required');
}

everyWay('provider-tokens', {
  'lets services use their account at a provider, and takes that back': lets,
  'refuses that, here and at the provider': refusesAService,
});

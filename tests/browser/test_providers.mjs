// A person signs in by providers, and lets a service use them; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --providers --set sign_in_limit_per_account=10000
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { choose, fakes, fault, wayTo } from './fakes.mjs';
import { atAccount, current, everyWay, finish, pathOf } from './person.mjs';
import { allow, buttonOf, cli, issuer, PASSWORD, signIn, sql } from './stage.mjs';

const newWord = () => `w${randomBytes(6).toString('hex')}`;
const wordOf = (person) => person.email.split('@')[0]; // the fakes give each word its address

async function signsInByEach(person) {
  for (const name of Object.keys(fakes)) {
    const word = newWord();
    for (const time of ['first', 'second']) {
      const other = await person.inAnotherBrowser();
      const { page, flow } = await other.begin();
      if (name === 'google' && time === 'first') await other.sees('login-with-providers');
      await wayTo(page, name).click();
      await choose(other, name, word);
      await finish(other, page, flow);
    }
    assert.equal(sql(`SELECT COUNT(*) FROM users WHERE email_key = '${word}@people.example'`), '1', name);
  }
}

async function links(person) {
  const { page, flow } = await person.begin();
  await wayTo(page, 'google').click();
  await choose(person, 'google', wordOf(person));
  await page.locator(current).waitFor();
  assert.equal(sql(`SELECT COUNT(*) FROM connections c JOIN users u ON u.id = c.user_id WHERE u.email_key = '${person.email}'`), '0', 'nothing silently');
  await person.sees('login-connect');
  await page.locator(current).fill(PASSWORD);
  await buttonOf(page, current).click();
  await finish(person, page, flow);
  const other = await person.inAnotherBrowser();
  const again = await other.begin();
  await wayTo(again.page, 'google').click();
  await choose(other, 'google', wordOf(person));
  await finish(other, again.page, again.flow);
}

/* On the page that tells why it came to nothing; it leads back into the flow. */
const signInButton = ({ page }) => page.locator('main a.button[href*="/login?oauth_request="]');

async function refuses(person) {
  const word = newWord();
  for (const name of Object.keys(fakes)) {
    const { page } = await person.begin();
    await wayTo(page, name).click();
    await choose(person, name, word, { allow: false });
    if (name === 'google') await person.sees('provider-refused');
  }
  await signInButton(person).click();
  await wayTo(person.page, 'google').click();
  await choose(person, 'google', word);
  await allow(person.page).waitFor();
}

async function meetsABrokenOne(person) {
  const { page } = await person.begin();
  await fault('github', 'token', 'status', { status: 500 });
  await wayTo(page, 'github').click();
  await choose(person, 'github', newWord());
  await person.sees('provider-failed');
  await signInButton(person).click();
  await wayTo(page, 'github').click();
  await choose(person, 'github', newWord());
  await allow(page).waitFor();
}

async function connects(person) {
  const page = await atAccount(person, '/account/connections');
  await person.sees('connections-none');
  await wayTo(page, 'github').or(page.locator('button[value="github"]')).first().click();
  await choose(person, 'github', newWord());
  assert.equal(pathOf(page), '/account/connections');
  await person.sees('connections');
}

/** A member of the service; its backend asks for a token of theirs. */
async function asked(person, provider, scopes) {
  const { page, flow } = await person.begin();
  await signIn(page, person.email, PASSWORD);
  await finish(person, page, flow);
  cli('service', 'set', process.env.DOORWARD_SERVICE_ID, '--provider-redirect-uri', person.callback.uri);
  const user_id = cli('user', 'show', person.email).id;
  return { page, ask: (state = newWord()) => serviceToken({ user_id, provider, scopes, state, redirect_uri: person.callback.uri }) };
}

async function serviceToken(data) {
  const response = await fetch(`${issuer}/api/service/provider-tokens`, { method: 'POST', body: JSON.stringify(data),
    headers: { 'x-api-key': process.env.DOORWARD_API_KEY, 'content-type': 'application/json' } });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function lets(person) {
  const { page, ask } = await asked(person, 'github', ['repo', 'read:user']), state = newWord();
  const first = await ask(state);
  assert.equal(first.code, 'PROVIDER_LINK_REQUIRED', JSON.stringify(first));
  await page.goto(first.reauth_url);
  await page.locator('button[value="link"]').waitFor();
  await person.sees('provider-connect');
  await page.locator('button[value="link"]').click();
  await choose(person, 'github', wordOf(person));
  const back = await person.callback.of({ state });
  assert.deepEqual([back.get('provider_grant'), back.get('provider')], ['success', 'github'], String(back));
  const token = await ask();
  assert.deepEqual([token.status, [...token.scopes].sort()], ['ok', ['read:user', 'repo']], JSON.stringify(token));
  await page.goto(first.reauth_url);
  await person.sees('provider-connect-used');
}

async function refusesAService(person) {
  const { page, ask } = await asked(person, 'github', ['read:user']), state = newWord(), otherState = newWord();
  await page.goto((await ask(state)).reauth_url);
  await page.locator('button[value="deny"]').click();
  const denied = await person.callback.of({ state });
  assert.deepEqual([denied.get('provider_grant'), denied.get('error')], ['error', 'access_denied'], String(denied));
  await page.goto((await ask(otherState)).reauth_url);
  await page.locator('button[value="link"]').click();
  await choose(person, 'github', wordOf(person), { allow: false });
  const back = await person.callback.of({ state: otherState });
  assert.equal(back.get('error'), 'access_denied', String(back));
  assert.equal((await ask()).status, 'action_required');
}

everyWay('providers', {
  'signs in by each provider, with a new account at first': signsInByEach,
  'has an account already, proves it, and connects the provider': links,
  'refuses at each provider, and is led back to the ways to sign in': refuses,
  'meets a provider that is broken, and tries again': meetsABrokenOne,
  'connects a provider to their account': connects,
  'lets a service use their account at a provider': lets,
  'refuses that, here and at the provider': refusesAService,
});
